/* Row groups: for each row in turn, stages of a loop over the row and then what is made of whole
 * rows.  A reduction of a value that the loop of stage s makes is known from stage s + 1 on.
 *
 * Short rows lie beside one another, INV_BESIDE of them (runtime/core/rows.h): vectors then go
 * across rows, and no row leaves a rest that fills none. */
#include <stdio.h>
#include "emit/c/row.h"
#include "emit/text.h"
#include "passes/rows.h"

struct row {
    const struct row_walk *walk;
    struct rows rows;
    const struct block *block;          /* being written */
    struct code lines;                  /* of a band: which row it is */
};

static const struct node *group_node(const struct function *f, int position)
{
    return graph_node(f->graph, f->group->node[position]);
}

static bool is_row_op(const struct node *node)
{
    return op_def(node->op)->class == CLASS_ROW;
}

static const struct nest_loop *row_loop(const struct nest *nest)
{
    return &nest->loop[nest->rank - 1];
}

/* ---- texts ---- */

/* row_5: a row of value 5; rows_5: several rows of it; each_5: the one value of each of these. */
static const char *array_stem(const struct nest *nest, bool full)
{
    const struct row *row = nest->state;
    return !full ? "each" : row->walk->beside ? "rows" : "row";
}

static const char *array_name(struct nest *nest, int id)
{
    const struct row *row = nest->state;
    bool full = row->rows.full[rows_position(&row->rows, id)];
    return emit_name(nest->function->emit, array_stem(nest, full), id);
}

/* Element of an array that has the row axis or one value a row. */
static const char *array_index(const struct nest *nest, bool full)
{
    const struct row *row = nest->state;
    struct arena *arena = nest->function->emit->arena;
    const char *across = row_loop(nest)->name, *down = nest->loop[0].name;
    if (!row->walk->beside)
        return across;
    return full ? arena_printf(arena, "INV_BESIDE * %s + (%s - first)", across, down)
                : arena_printf(arena, "%s - first", down);
}

static const char *array_element(struct nest *nest, int id)
{
    const struct row *row = nest->state;
    int position = rows_position(&row->rows, id);
    if (position < 0 || !row->rows.array[position])
        return NULL;
    return arena_printf(nest->function->emit->arena, "%s[%s]", array_name(nest, id),
                        array_index(nest, row->rows.full[position]));
}

/* Where a block puts the node: calls of their own reduce rows that lie beside one another. */
static const char *array_target(struct nest *nest, int id)
{
    const struct row *row = nest->state;
    bool called = row->walk->beside && is_row_op(graph_node(nest->function->graph, id));
    return called ? NULL : array_element(nest, id);
}

/* Made in the loop of an earlier stage: read back. */
static const char *earlier_element(struct nest *nest, int id)
{
    const struct row *row = nest->state;
    const struct node *node = graph_node(nest->function->graph, id);
    bool local = block_holds(row->block, id);
    if (row->walk->beside)
        local = local && !is_row_op(node);
    else
        local = local || !row->rows.full[rows_position(&row->rows, id)];
    if (local)
        return NULL;
    const char *array = array_element(nest, id);
    return array ? array : nest_target(nest, node);
}

/* Loops of other stages find it in an array or in memory. */
static bool is_reread(const struct nest *nest, int id)
{
    const struct row *row = nest->state;
    return row->walk->beside || row->rows.full[rows_position(&row->rows, id)];
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
    if (row->rows.fill[rows_position(&row->rows, node->id)])
        return NULL;
    struct access access = schedule_access(f->graph, node->operand[0], &nest->space);
    int position = rows_position(&row->rows, access.node);
    if (position >= 0 && row->rows.array[position] && row->rows.full[position])
        return array_name(nest, access.node);
    if (position >= 0 && (!row->rows.full[position] || !row->rows.stored[position]))
        return arena_printf(f->emit->arena, "&%s", function_local(f, access.node));
    return memory_row(nest, &access);
}

static const char *reduced_row(struct nest *nest, const struct node *node)
{
    const char *pointer = row_pointer(nest, node);
    return pointer ? pointer : emit_name(nest->function->emit, array_stem(nest, true), node->id);
}

static const char *row_expression(struct nest *nest, const struct node *node)
{
    struct function *f = nest->function;
    const struct row *row = nest->state;
    if (row->walk->beside)
        return array_element(nest, node->id);
    function_use(f, node->op);
    return arena_printf(f->emit->arena, "%s%s%s(%s, %s)", node->dtype == F32 ? "" : "(int32_t)",
                        row->walk->prefix, op_def(node->op)->stem, reduced_row(nest, node),
                        emit_extent(f->emit->arena, row_loop(nest)->extent));
}

/* ---- writing ---- */

static void declare_array(const struct nest *nest, const char *name, bool full, enum dtype dtype,
                          struct code *code)
{
    struct function *f = nest->function;
    const struct row *row = nest->state;
    struct extent extent = row_loop(nest)->extent;
    int64_t length = extent.constant + extent.rows * f->graph->program->train.rows;
    code_line(code, "%s", row->walk->array(f, dtype, name, full ? length : 1));
}

/* Loops over the row, or over the rows that lie beside one another alone. */
static void write_loops(struct nest *nest, bool full, const struct code *body, struct code *code)
{
    const struct row *row = nest->state;
    struct code inner;
    code_init(&inner, code->arena);
    if (row->walk->beside && full) {
        nest_loop(nest, 0, true, body, &inner);
        nest_loop(nest, nest->rank - 1, false, &inner, code);
    } else {
        nest_loop(nest, row->walk->beside ? 0 : nest->rank - 1, true, body, code);
    }
}

static void write_sync(const struct nest *nest, struct code *code)
{
    const char *sync = ((const struct row *)nest->state)->walk->sync;
    if (sync)
        code_line(code, "%s", sync);
}

/* row_12 (or rows_12) of a reduction 12 whose operand is in no array. */
static void fill_array(struct nest *nest, const struct node *node, struct code *code)
{
    struct function *f = nest->function;
    struct block none = {0};
    ((struct row *)nest->state)->block = &none;
    const char *name = emit_name(f->emit, array_stem(nest, true), node->id);
    struct code body;
    code_init(&body, f->emit->arena);
    code_line(&body, "%s[%s] = %s;", name, array_index(nest, true),
              nest_operand(nest, node->operand[0]));
    declare_array(nest, name, true, graph_node(f->graph, node->operand[0])->dtype, code);
    write_loops(nest, true, &body, code);
    write_sync(nest, code);
}

static void write_block(struct nest *nest, struct block *block, struct code *code)
{
    ((struct row *)nest->state)->block = block;
    nest_block(nest, block, -1, code);
    block->count = 0;
}

/* What is made of whole rows: lanes that agree, of which one stores. */
static void write_values(struct nest *nest, struct block *block, struct code *code)
{
    nest->fence = ((const struct row *)nest->state)->walk->sync;
    write_block(nest, block, code);
    nest->fence = NULL;
}

static void write_row(struct nest *nest, int stage, struct code *code)
{
    struct function *f = nest->function;
    const struct row *row = nest->state;
    struct block block = {.node = ARENA_ARRAY(f->emit->arena, int, f->group->count)};
    for (int i = 0; i < f->group->count; i++) {
        const struct node *node = group_node(f, i);
        if (row->rows.full[i] || row->rows.stage[i] != stage || !nest_includes(nest, node))
            continue;
        if (is_row_op(node) && !row_pointer(nest, node)) {
            write_values(nest, &block, code);
            fill_array(nest, node, code);
        }
        block.node[block.count++] = node->id;
    }
    write_values(nest, &block, code);
}

/* The loops of a stage over what has the row axis, or over what has one value a row. */
static void write_loop(struct nest *nest, int stage, bool full, struct code *code)
{
    struct function *f = nest->function;
    const struct row *row = nest->state;
    struct block block = {.node = ARENA_ARRAY(f->emit->arena, int, f->group->count)};
    struct code body;
    code_init(&body, f->emit->arena);
    for (int i = 0; i < f->group->count; i++) {
        const struct node *node = group_node(f, i);
        if (row->rows.full[i] != full || row->rows.stage[i] != stage ||
            !nest_includes(nest, node) ||
            (is_row_op(node) && !(row->rows.array[i] && function_stores(f, node->id))))
            continue;
        block.node[block.count++] = node->id;
        if (row->rows.array[i] && !is_row_op(node))
            declare_array(nest, array_name(nest, node->id), full, node->dtype, code);
    }
    if (block.count == 0)
        return;
    write_block(nest, &block, &body);
    write_loops(nest, full, &body, code);
    if (full && stage + 1 < row->rows.stages)
        write_sync(nest, code);
}

/* Where the value of the first of the rows at hand is stored. */
static const char *first_target(struct nest *nest, const struct node *node)
{
    const char *name = nest->loop[0].name;
    nest->loop[0].name = "first";
    const char *target = nest_target(nest, node);
    nest->loop[0].name = name;
    return arena_printf(nest->function->emit->arena, "&%s", target);
}

/* Calls that reduce rows beside one another. */
static void write_calls(struct nest *nest, int stage, struct code *code)
{
    struct function *f = nest->function;
    const struct row *row = nest->state;
    for (int i = 0; i < f->group->count; i++) {
        const struct node *node = group_node(f, i);
        if (!is_row_op(node) || row->rows.stage[i] != stage || !nest_includes(nest, node))
            continue;
        if (!row_pointer(nest, node))
            fill_array(nest, node, code);
        const char *out = array_name(nest, node->id);
        if (row->rows.array[i])
            declare_array(nest, out, false, node->dtype, code);
        else
            out = first_target(nest, node);
        function_use(f, node->op);
        code_line(code, "%s%s(%s, %s, %s, last - first);", row->walk->prefix,
                  op_def(node->op)->stem, out, reduced_row(nest, node),
                  emit_extent(f->emit->arena, row_loop(nest)->extent));
    }
}

static void write_stage(struct nest *nest, int stage, struct code *code)
{
    if (((const struct row *)nest->state)->walk->beside) {
        write_calls(nest, stage, code);
        write_loop(nest, stage, false, code);
    } else {
        write_row(nest, stage, code);
    }
    write_loop(nest, stage, true, code);
}

/* ---- in loops of one thread ---- */

static void open_loops(struct nest *nest)
{
    if (nest->rank > 1)
        nest_split(nest, 0);
}

static void wrap_loops(struct nest *nest, const struct code *body, struct code *code)
{
    nest_wrap(nest, nest->rank - 1, body, code);
}

static const char *local_array(struct function *f, enum dtype dtype, const char *name,
                               int64_t length)
{
    f->stack += length * dtype_bytes(dtype);
    return arena_printf(f->emit->arena, "%s %s[%lld];", emit_ctype(dtype), name,
                        (long long)length);
}

const struct row_walk row_loops = {.how = "row by row", .align = 1, .prefix = "inv_",
                                   .open = open_loops, .wrap = wrap_loops,
                                   .array = local_array};

/* ---- the rows of a band ---- */

static void open_band(struct nest *nest)
{
    struct row *row = nest->state;
    code_init(&row->lines, nest->function->emit->arena);
    nest_rows(nest, &row->lines);
}

static void wrap_band(struct nest *nest, const struct code *body, struct code *code)
{
    struct row *row = nest->state;
    code_append(&row->lines, body);
    nest_wrap_rows(nest, &row->lines, code);
}

static const struct row_walk row_band = {.how = "row by row", .align = 1, .prefix = "inv_",
                                         .open = open_band, .wrap = wrap_band,
                                         .array = local_array};

/* ---- rows beside one another ---- */

static void open_beside(struct nest *nest)
{
    nest_split(nest, 0);
    nest->loop[0].from = "first";
    nest->loop[0].to = "last";
}

static void wrap_beside(struct nest *nest, const struct code *body, struct code *code)
{
    const char *integer = nest->function->emit->target->integer;
    struct code inner;
    code_init(&inner, code->arena);
    code_line(&inner, "const %s last = end - first < INV_BESIDE ? end : first + INV_BESIDE;",
              integer);
    code_append(&inner, body);
    code_block(code, arena_printf(code->arena, "for (%s first = begin; first < end; "
                                  "first += INV_BESIDE)", integer), &inner);
}

static const char *beside_array(struct function *f, enum dtype dtype, const char *name,
                                int64_t length)
{
    struct arena *arena = f->emit->arena;
    f->stack += length * ROWS_BESIDE * dtype_bytes(dtype);
    const char *times = length > 1 ? arena_printf(arena, "%lld * ", (long long)length) : "";
    return arena_printf(arena, "%s %s[%sINV_BESIDE];", emit_ctype(dtype), name, times);
}

const struct row_walk row_beside = {.how = "INV_BESIDE rows at a time, columns in turn",
                                    .beside = true, .align = 1, .prefix = "inv_beside_",
                                    .open = open_beside, .wrap = wrap_beside,
                                    .array = beside_array};

/* Many short rows: worth their lying beside one another. */
static bool rows_are_short(const struct nest *nest)
{
    const struct graph *graph = nest->function->graph;
    struct extent rows = nest->loop[0].extent, columns = row_loop(nest)->extent;
    return nest->rank == 2 && columns.rows == 0 && columns.constant >= BESIDE_COLUMNS_MIN &&
           columns.constant <= BESIDE_COLUMNS_MAX &&
           rows.constant + rows.rows * graph->program->train.rows >= BESIDE_ROWS_MIN;
}

static void find_rows(struct nest *nest, struct row *row)
{
    struct function *f = nest->function;
    struct rows *rows = &row->rows;
    int operands = 0;
    for (int i = 0; i < f->group->count; i++)
        operands += group_node(f, i)->count;
    rows->graph = f->graph;
    rows->node = f->group->node;
    rows->count = f->group->count;
    rows->space = nest->space;
    rows->beside = row->walk->beside;
    rows->down = nest->loop[0].axis;
    rows_reserve(rows, f->emit->arena, rows->count, operands);
    for (int i = 0; i < rows->count; i++)
        rows->stored[i] = function_stores(f, rows->node[i]);
    rows_find(rows);
}

const struct row_walk *row_emit(struct function *f, const struct shape *space, struct code *code)
{
    const struct emit_target *target = f->emit->target;
    struct row row = {.walk = target->rows};
    struct nest nest = {.state = &row, .local = earlier_element, .array = array_target,
                        .reread = is_reread, .reduction = row_expression};
    nest_init(&nest, f, space, KEEP_LAST);
    if (schedule_is_by_rows(f->graph, f->group))
        row.walk = &row_band;
    else if (target->short_rows && rows_are_short(&nest))
        row.walk = target->short_rows;
    row.walk->open(&nest);
    find_rows(&nest, &row);
    f->row_bytes = rows_bytes(&row.rows, row.walk->align);
    struct code body;
    code_init(&body, f->emit->arena);
    for (int stage = 0; stage < row.rows.stages; stage++)
        write_stage(&nest, stage, &body);
    row.walk->wrap(&nest, &body, code);
    return row.walk;
}
