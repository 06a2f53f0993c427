/* A reduction of a value that the loop of stage s makes is known from stage s + 1 on. */
#include "passes/rows.h"

#include "graph/op.h"

int rows_position(const struct rows *rows, int id)
{
    int low = 0, high = rows->count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (rows->node[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < rows->count && rows->node[low] == id ? low : -1;
}

void rows_reserve(struct rows *rows, struct arena *arena, int count, int operands)
{
    if (count > rows->room) {
        rows->room = 2 * count;
        rows->stage = ARENA_ARRAY(arena, int, rows->room);
        rows->first = ARENA_ARRAY(arena, int, rows->room);
        rows->use = ARENA_ARRAY(arena, int, rows->room);
        rows->stored = ARENA_ARRAY(arena, bool, rows->room);
        rows->full = ARENA_ARRAY(arena, bool, rows->room);
        rows->array = ARENA_ARRAY(arena, bool, rows->room);
        rows->fill = ARENA_ARRAY(arena, bool, rows->room);
    }
    if (operands > rows->operand_room) {
        rows->operand_room = 2 * operands;
        rows->from = ARENA_ARRAY(arena, int, rows->operand_room);
    }
}

static const struct node *node_at(const struct rows *rows, int position)
{
    return rows->graph->node[rows->node[position]];
}

static bool is_row_op(const struct node *node)
{
    return op_def(node->op)->class == CLASS_ROW;
}

static int across(const struct rows *rows)
{
    return rows->space.rank - 1;
}

static bool walks(const struct access *access, int axis)
{
    return access->stride[axis].constant != 0 || access->stride[axis].rows != 0;
}

static bool walks_dense(const struct access *access, int axis)
{
    return access->stride[axis].constant == 1 && access->stride[axis].rows == 0;
}

/* ---- stages ---- */

static void find_operands(struct rows *rows)
{
    int next = 0;
    for (int i = 0; i < rows->count; i++) {
        const struct node *node = node_at(rows, i);
        struct access own = schedule_access(rows->graph, node->id, &rows->space);
        rows->full[i] = walks(&own, across(rows));
        rows->first[i] = next;
        for (int k = 0; k < node->count; k++) {
            struct access access = schedule_access(rows->graph, node->operand[k], &rows->space);
            rows->from[next++] = rows_position(rows, access.node);
        }
    }
}

static void find_stages(struct rows *rows)
{
    rows->stages = 0;
    for (int i = 0; i < rows->count; i++) {
        const struct node *node = node_at(rows, i);
        rows->stage[i] = 0;
        for (int k = 0; k < node->count; k++) {
            int from = rows->from[rows->first[i] + k];
            if (from < 0)
                continue;
            bool waits = is_row_op(node) && (rows->full[from] || rows->beside);
            int ready = rows->stage[from] + waits;
            rows->stage[i] = rows->stage[i] > ready ? rows->stage[i] : ready;
        }
        rows->stages = rows->stages > rows->stage[i] + 1 ? rows->stages : rows->stage[i] + 1;
    }
}

/* Does the node read nothing but memory and one value a row? */
static bool is_free(const struct rows *rows, int i)
{
    const struct node *node = node_at(rows, i);
    bool free = rows->full[i] && !rows->stored[i] && !is_row_op(node);
    for (int k = 0; free && k < node->count; k++) {
        int from = rows->from[rows->first[i] + k];
        free = from < 0 || !rows->full[from];
    }
    return free;
}

/* Such a node is made in the loop that needs it first: no array. */
static void delay_locals(struct rows *rows)
{
    for (int i = 0; i < rows->count; i++)
        rows->use[i] = rows->stages;
    for (int i = rows->count - 1; i >= 0; i--) {
        const struct node *node = node_at(rows, i);
        if (rows->use[i] < rows->stages && rows->use[i] > rows->stage[i] && is_free(rows, i))
            rows->stage[i] = rows->use[i];
        for (int k = 0; k < node->count; k++) {
            int from = rows->from[rows->first[i] + k];
            if (from < 0)
                continue;
            int stage = rows->stage[i] - (is_row_op(node) && rows->full[from]);
            if (stage < rows->use[from])
                rows->use[from] = stage;
        }
    }
}

/* ---- arrays ---- */

/* Whether rows beside one another can be reduced to where the result is stored. */
static bool reduces_into_memory(const struct rows *rows, int i)
{
    const struct node *node = node_at(rows, i);
    if (!is_row_op(node) || !rows->stored[i] || rows->down < 0)
        return false;
    struct access own = schedule_access(rows->graph, node->id, &rows->space);
    return walks_dense(&own, rows->down);
}

/* Does the value made at `from` go to its user at `to` through an array? */
static bool goes_by_array(const struct rows *rows, int from, int to)
{
    bool apart = is_row_op(node_at(rows, to)) || rows->stage[to] > rows->stage[from];
    if (rows->beside)
        return (apart || rows->full[to] != rows->full[from]) && !reduces_into_memory(rows, from);
    return apart && rows->full[from] && !rows->stored[from];
}

/* Is the operand of the reduction no dense row of an array or of memory? */
static bool needs_fill(const struct rows *rows, int i)
{
    const struct node *node = node_at(rows, i);
    struct access access = schedule_access(rows->graph, node->operand[0], &rows->space);
    int from = rows->from[rows->first[i]];
    if (from >= 0 && rows->array[from] && rows->full[from])
        return false;
    if (rows->beside)
        return true;
    bool alone = shape_axis_is_one(&rows->space, across(rows));
    if (from >= 0 && (!rows->full[from] || !rows->stored[from]))
        return !alone;
    enum op op = rows->graph->node[access.node]->op;
    bool constant = op == OP_CONST || op == OP_STEP_VALUE;
    return constant || access.limits > 0 || !(alone || walks_dense(&access, across(rows)));
}

static void find_arrays(struct rows *rows)
{
    for (int i = 0; i < rows->count; i++) {
        const struct node *user = node_at(rows, i);
        rows->array[i] = rows->beside && is_row_op(user) && !reduces_into_memory(rows, i);
        rows->fill[i] = false;
        for (int k = 0; k < user->count; k++) {
            int from = rows->from[rows->first[i] + k];
            if (from >= 0 && goes_by_array(rows, from, i))
                rows->array[from] = true;
        }
    }
    for (int i = 0; i < rows->count; i++)
        rows->fill[i] = is_row_op(node_at(rows, i)) && needs_fill(rows, i);
}

void rows_find(struct rows *rows)
{
    find_operands(rows);
    find_stages(rows);
    delay_locals(rows);
    find_arrays(rows);
}

int64_t rows_length(const struct rows *rows)
{
    int axis = across(rows);
    int64_t batch = axis == rows->space.rows ? rows->graph->program->train.rows : 1;
    return rows->space.dim[axis] * batch;
}

static int64_t round_up(int64_t bytes, int align)
{
    return (bytes + align - 1) / align * align;
}

int64_t rows_bytes(const struct rows *rows, int align)
{
    int64_t beside = rows->beside ? ROWS_BESIDE : 1, bytes = 0, length = rows_length(rows);
    for (int i = 0; i < rows->count; i++) {
        const struct node *node = node_at(rows, i);
        if (rows->array[i])
            bytes += round_up((rows->full[i] ? length : 1) * beside * dtype_bytes(node->dtype),
                              align);
        if (rows->fill[i])
            bytes += round_up(length * beside *
                              dtype_bytes(rows->graph->node[node->operand[0]]->dtype), align);
    }
    return bytes;
}
