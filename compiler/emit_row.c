/* Row groups: for each row in turn, stages of a loop over the row and then what is made of whole
 * rows.  A reduction of a value that the loop of stage s makes is known from stage s + 1 on. */
#include <assert.h>
#include <stdio.h>
#include "emit_private.h"

/* By position in the group. */
struct row {
    int *stage;
    bool *full;                         /* has the row axis; else one value a row */
    bool *array;                        /* a local of a loop that lies in an array of row length */
    const struct block *block;          /* being written */
    int stages;
};

static int position_of(const struct function *f, int id)
{
    for (int i = 0; i < f->group->count; i++)
        if (f->group->node[i] == id)
            return i;
    return -1;
}

static const struct node *group_node(const struct function *f, int position)
{
    return graph_node(f->graph, f->group->node[position]);
}

static bool is_row_op(const struct node *node)
{
    return op_def(node->op)->class == CLASS_ROW;
}

static const struct loop *row_loop(const struct nest *nest)
{
    return &nest->loop[nest->rank - 1];
}

/* Position in the group of what the operand reads, or -1 where that is made outside. */
static int operand_position(const struct nest *nest, const struct node *node, int k)
{
    struct access access = schedule_access(nest->function->graph, node->operand[k], &nest->space);
    return position_of(nest->function, access.node);
}

/* ---- stages ---- */

static void find_full(const struct nest *nest, struct row *row)
{
    const struct function *f = nest->function;
    for (int i = 0; i < f->group->count; i++) {
        struct access own = schedule_access(f->graph, f->group->node[i], &nest->space);
        row->full[i] = !extent_is(own.stride[row_loop(nest)->axis], 0);
    }
}

static void find_stages(const struct nest *nest, struct row *row)
{
    const struct function *f = nest->function;
    for (int i = 0; i < f->group->count; i++) {
        const struct node *node = group_node(f, i);
        for (int k = 0; k < node->count; k++) {
            int from = operand_position(nest, node, k);
            if (from < 0)
                continue;
            int ready = row->stage[from] + (is_row_op(node) && row->full[from]);
            row->stage[i] = row->stage[i] > ready ? row->stage[i] : ready;
        }
        row->stages = row->stages > row->stage[i] + 1 ? row->stages : row->stage[i] + 1;
    }
}

/* The first stage whose loop or rows need the value of the node at `position`. */
static int first_use(const struct nest *nest, const struct row *row, int position)
{
    const struct function *f = nest->function;
    int first = row->stages;
    for (int i = 0; i < f->group->count; i++) {
        const struct node *user = group_node(f, i);
        for (int k = 0; k < user->count; k++)
            if (operand_position(nest, user, k) == position) {
                int stage = row->stage[i] - (is_row_op(user) && row->full[position]);
                first = first < stage ? first : stage;
            }
    }
    return first;
}

/* What reads nothing but memory and rows is made in the loop that needs it first: no array. */
static void delay_locals(const struct nest *nest, struct row *row)
{
    const struct function *f = nest->function;
    for (int i = f->group->count - 1; i >= 0; i--) {
        const struct node *node = group_node(f, i);
        bool free = row->full[i] && !function_stores(f, node->id) && !is_row_op(node);
        for (int k = 0; k < node->count; k++) {
            int from = operand_position(nest, node, k);
            free = free && (from < 0 || !row->full[from]);
        }
        int first = free ? first_use(nest, row, i) : 0;
        if (free && first < row->stages && first > row->stage[i])
            row->stage[i] = first;
    }
}

static void find_arrays(const struct nest *nest, struct row *row)
{
    const struct function *f = nest->function;
    for (int i = 0; i < f->group->count; i++) {
        const struct node *user = group_node(f, i);
        for (int k = 0; k < user->count; k++) {
            int from = operand_position(nest, user, k);
            if (from < 0 || !row->full[from] || function_stores(f, f->group->node[from]))
                continue;
            if (is_row_op(user) || row->stage[i] > row->stage[from])
                row->array[from] = true;
        }
    }
}

/* ---- texts ---- */

static const char *array_name(struct function *f, int id)
{
    return emit_name(f->emit, "row", id);
}

static const char *array_element(struct nest *nest, int id)
{
    const struct row *row = nest->state;
    int position = position_of(nest->function, id);
    if (position < 0 || !row->array[position])
        return NULL;
    return arena_printf(nest->function->emit->arena, "%s[%s]", array_name(nest->function, id),
                        row_loop(nest)->name);
}

/* Made in the loop of an earlier stage: read back. */
static const char *earlier_element(struct nest *nest, int id)
{
    const struct row *row = nest->state;
    int position = position_of(nest->function, id);
    if (!row->full[position] || block_holds(row->block, id))
        return NULL;
    const char *array = array_element(nest, id);
    return array ? array : nest_target(nest, graph_node(nest->function->graph, id));
}

/* Loops of other stages find it in an array or in memory. */
static bool is_reread(const struct nest *nest, int id)
{
    const struct row *row = nest->state;
    return row->full[position_of(nest->function, id)];
}

static const char *memory_row(struct nest *nest, const struct access *access)
{
    struct arena *arena = nest->function->emit->arena;
    struct access start = *access;
    start.stride[row_loop(nest)->axis] = (struct extent){0};
    const char *index = nest_index(nest, &start);
    const char *pointer = function_pointer(nest->function, access->node, false);
    return index[0] == '0' && index[1] == '\0' ? pointer
                                               : arena_printf(arena, "%s + %s", pointer, index);
}

/* The reduced row as a pointer, or NULL where it must be copied to one first. */
static const char *row_pointer(struct nest *nest, const struct node *node)
{
    struct function *f = nest->function;
    const struct row *row = nest->state;
    struct access access = schedule_access(f->graph, node->operand[0], &nest->space);
    bool alone = extent_is(row_loop(nest)->extent, 1);
    int position = position_of(f, access.node);
    if (position >= 0 && row->array[position])
        return array_name(f, access.node);
    if (position >= 0 && (!row->full[position] || !function_stores(f, access.node)))
        return alone ? arena_printf(f->emit->arena, "&%s", function_local(f, access.node)) : NULL;
    bool dense = alone || extent_is(access.stride[row_loop(nest)->axis], 1);
    return dense && !function_constant(f, access.node) ? memory_row(nest, &access) : NULL;
}

const char *row_expression(struct nest *nest, const struct node *node)
{
    struct function *f = nest->function;
    const char *pointer = row_pointer(nest, node);
    function_use(f, node->op);
    return arena_printf(f->emit->arena, "%s%s%s(%s, %s)",
                        node->dtype == F32 ? "" : "(int32_t)", f->emit->target->rows->prefix,
                        op_def(node->op)->stem, pointer ? pointer : array_name(f, node->id),
                        emit_extent(f->emit->arena, row_loop(nest)->extent));
}

/* ---- writing ---- */

static void declare_array(const struct nest *nest, int id, enum dtype dtype, struct text *text,
                          int indent)
{
    struct function *f = nest->function;
    struct extent extent = row_loop(nest)->extent;
    int64_t length = extent.constant + extent.rows * f->graph->program->train.batch;
    assert(length <= ROW_LOCAL_MAX);
    text_printf(text, "%*s%s\n", indent * 4, "",
                f->emit->target->rows->array(f, dtype, array_name(f, id), length));
}

static void write_sync(const struct nest *nest, struct text *text, int indent)
{
    const char *sync = nest->function->emit->target->rows->sync;
    if (sync)
        text_printf(text, "%*s%s\n", indent * 4, "", sync);
}

static void fill_array(struct nest *nest, const struct node *node, struct text *text, int indent)
{
    struct function *f = nest->function;
    struct block none = {0};
    ((struct row *)nest->state)->block = &none;
    struct text body;
    text_init(&body, f->emit->arena);
    text_printf(&body, "%*s%s[%s] = %s;\n", (indent + 1) * 4, "", array_name(f, node->id),
                row_loop(nest)->name, nest_operand(nest, node->operand[0]));
    declare_array(nest, node->id, graph_node(f->graph, node->operand[0])->dtype, text, indent);
    nest_loop(nest, nest->rank - 1, &body, text, indent);
    write_sync(nest, text, indent);
}

static void write_block(struct nest *nest, struct block *block, struct text *text, int indent)
{
    ((struct row *)nest->state)->block = block;
    nest_block(nest, block, -1, text, indent);
    block->count = 0;
}

/* What is made of whole rows: lanes that agree, of which one stores. */
static void write_values(struct nest *nest, struct block *block, struct text *text, int indent)
{
    nest->fence = nest->function->emit->target->rows->sync;
    write_block(nest, block, text, indent);
    nest->fence = NULL;
}

static void write_rows(struct nest *nest, int stage, struct text *text, int indent)
{
    struct function *f = nest->function;
    const struct row *row = nest->state;
    struct block block = {.node = ARENA_ARRAY(f->emit->arena, int, f->group->count)};
    for (int i = 0; i < f->group->count; i++) {
        const struct node *node = group_node(f, i);
        if (row->full[i] || row->stage[i] != stage || !nest_includes(nest, node))
            continue;
        if (is_row_op(node) && !row_pointer(nest, node)) {
            write_values(nest, &block, text, indent);
            fill_array(nest, node, text, indent);
        }
        block.node[block.count++] = node->id;
    }
    write_values(nest, &block, text, indent);
}

static void write_loop(struct nest *nest, int stage, struct text *text, int indent)
{
    struct function *f = nest->function;
    const struct row *row = nest->state;
    struct block block = {.node = ARENA_ARRAY(f->emit->arena, int, f->group->count)};
    struct text body;
    text_init(&body, f->emit->arena);
    for (int i = 0; i < f->group->count; i++) {
        const struct node *node = group_node(f, i);
        if (!row->full[i] || row->stage[i] != stage || !nest_includes(nest, node))
            continue;
        block.node[block.count++] = node->id;
        if (row->array[i])
            declare_array(nest, node->id, node->dtype, text, indent);
    }
    if (block.count == 0)
        return;
    write_block(nest, &block, &body, indent + 1);
    nest_loop(nest, nest->rank - 1, &body, text, indent);
    if (stage + 1 < row->stages)
        write_sync(nest, text, indent);
}

/* ---- in loops of one thread ---- */

static int open_loops(struct nest *nest)
{
    if (nest->rank > 1)
        nest_split(nest, 0);
    return nest->rank;
}

static void wrap_loops(struct nest *nest, const struct text *body, struct text *text)
{
    nest_wrap(nest, nest->rank - 1, body, text);
}

static const char *local_array(struct function *f, enum dtype dtype, const char *name,
                               int64_t length)
{
    return arena_printf(f->emit->arena, "%s %s[%lld];", emit_ctype(dtype), name,
                        (long long)length);
}

const struct row_walk row_loops = {.prefix = "inv_", .open = open_loops, .wrap = wrap_loops,
                                   .array = local_array};

void row_emit(struct function *f, const struct shape *space, struct text *text)
{
    struct arena *arena = f->emit->arena;
    int count = f->group->count;
    struct row row = {.stage = ARENA_ARRAY(arena, int, count),
                      .full = ARENA_ARRAY(arena, bool, count),
                      .array = ARENA_ARRAY(arena, bool, count)};
    struct nest nest = {.state = &row, .local = earlier_element, .array = array_element,
                        .reread = is_reread};
    nest_init(&nest, f, space, KEEP_LAST);
    const struct row_walk *walk = f->emit->target->rows;
    int indent = walk->open(&nest);
    find_full(&nest, &row);
    find_stages(&nest, &row);
    delay_locals(&nest, &row);
    find_arrays(&nest, &row);
    struct text body;
    text_init(&body, arena);
    for (int stage = 0; stage < row.stages; stage++) {
        write_rows(&nest, stage, &body, indent);
        write_loop(&nest, stage, &body, indent);
    }
    walk->wrap(&nest, &body, text);
}
