/* One function for each kind of group: which skeleton, and what its holes are. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "core/contract.h"
#include "emit/c/finish.h"
#include "emit/c/group.h"
#include "emit/c/row.h"
#include "emit/c/windows.h"
#include "emit/text.h"
#include "graph/custom.h"
#include "passes/schedule.h"

/* ---- map, row ---- */

/* What the loops run over: all shapes of the group, and the rows that are reduced.  A store that
 * does nothing may see its value reshaped. */
struct shape group_space(const struct function *f)
{
    struct shape space = shape_scalar();
    for (int i = 0; i < f->group->count; i++) {
        const struct node *node = graph_node(f->graph, f->group->node[i]);
        if (function_store_is_idle(f, node))
            continue;
        if (op_def(node->op)->class == CLASS_ROW)
            node = graph_node(f->graph, node->operand[0]);
        if (!shape_broadcast(&space, &node->shape, &space)) {
            fprintf(stderr, "invar: bug: shapes of the group of %%%d do not broadcast\n", node->id);
            assert(false);
        }
    }
    return space;
}

/* Where nothing is split, one call does it all. */
static void guard_whole(struct function *f, struct code *body)
{
    struct code leave;
    code_init(&leave, f->emit->arena);
    code_line(&leave, "return;");
    f->count = (struct extent){.constant = 1};
    code_block(body, "if (begin == end)", &leave);
}

/* The maps of a band: a loop over its rows around one over the last axis. */
static void map_rows(struct function *f, const struct shape *space)
{
    struct nest nest = {0};
    struct code body, lines;
    code_init(&body, f->emit->arena);
    code_init(&lines, f->emit->arena);
    nest_init(&nest, f, space, KEEP_LAST);
    nest.outer = nest.rank - 1;
    nest_rows(&nest, &lines);
    nest_emit(&nest, &lines);
    nest_wrap_rows(&nest, &lines, &body);
    function_set_body(f, &body);
}

void c_map_group(struct function *f)
{
    struct shape space = group_space(f);
    struct nest nest = {0};
    struct code body;
    if (schedule_is_by_rows(f->graph, f->group)) {
        map_rows(f, &space);
        return;
    }
    code_init(&body, f->emit->arena);
    nest_init(&nest, f, &space, 0);
    if (nest.rank > 0)
        nest_split(&nest, 0);
    else
        guard_whole(f, &body);
    nest_emit(&nest, &body);
    function_set_body(f, &body);
}

/* "f32[b, 10]": the group's space as what is reduced; ends in how the sums go, if there are any. */
const char *group_row_text(struct function *f, const char *walk)
{
    struct shape space = group_space(f);
    const struct node *row = group_class_node(f, CLASS_ROW);
    bool sums = false;
    for (int i = 0; i < f->group->count; i++)
        sums = sums || graph_node(f->graph, f->group->node[i])->op == OP_ROW_SUM;
    const char *shape = shape_print(f->emit->arena, graph_node(f->graph, row->operand[0])->dtype,
                                    &space);
    return arena_printf(f->emit->arena, "%s: %s%s", shape, walk, sums ? "; sums in 32 lanes" : "");
}

void c_row_group(struct function *f)
{
    struct shape space = group_space(f);
    struct code body, rows;
    code_init(&body, f->emit->arena);
    code_init(&rows, f->emit->arena);
    f->mapping = group_row_text(f, row_emit(f, &space, &rows)->how);
    if (f->count.constant == 0 && f->count.rows == 0)
        guard_whole(f, &body);
    code_append(&body, &rows);
    function_set_body(f, &body);
}

/* ---- column ---- */

struct columns group_columns(const struct function *f, const struct node *column)
{
    const struct shape *space = &graph_node(f->graph, column->operand[0])->shape;
    struct columns c;
    column_axes(column, &c.first, &c.last);
    c.pages = extent_between(space, 0, c.first);
    c.rows = extent_between(space, c.first, c.last);
    c.columns = extent_between(space, c.last, space->rank);
    return c;
}

const char *group_column_target(struct function *f, const struct node *column)
{
    struct columns c = group_columns(f, column);
    struct text index;
    text_init(&index, f->emit->arena);
    if (!extent_is(c.pages, 1))
        emit_term(&index, c.columns, "i");
    emit_term(&index, (struct extent){.constant = 1}, "k");
    return arena_printf(f->emit->arena, "%s[%s]", function_pointer(f, column->id, true),
                        index.data);
}

static void column_limits(struct function *f, const struct columns *c)
{
    bool paged = !extent_is(c->pages, 1);
    values_set(f->values, "page_begin", paged ? "begin" : "0");
    values_set(f->values, "page_end", paged ? "end" : "1");
    values_set(f->values, "column_begin", paged ? "0" : "begin");
    values_set(f->values, "column_end", paged ? function_extent(f, c->columns) : "end");
    function_set_extent(f, "rows", c->rows);
    f->count = paged ? c->pages : c->columns;
}

static bool is_column(const struct node *node)
{
    return op_def(node->op)->class == CLASS_COLUMN;
}

static int count_columns(const struct function *f)
{
    int count = 0;
    for (int i = 0; i < f->group->count; i++)
        count += is_column(graph_node(f->graph, f->group->node[i]));
    return count;
}

/* The whole sum by the runtime's function, where columns lie side by side in memory. */
static bool column_call(struct function *f, const struct node *column, const struct shape *space)
{
    struct access access = schedule_access(f->graph, column->operand[0], space);
    bool one = extent_is(extent_of(space, 2), 1);
    if (column->dtype != F32 || column->attr.over || access.limits > 0 || count_columns(f) > 1 ||
        function_computes(f, access.node) || function_constant(f, access.node) ||
        !(one || extent_is(access.stride[2], 1)))
        return false;
    bool paged = !extent_is(extent_of(space, 0), 1);
    struct extent unit = {.constant = 1}, columns = extent_of(space, 2);
    const char *x = function_pointer(f, access.node, false);
    const char *out = function_pointer(f, column->id, true);
    if (!extent_is(access.offset, 0))
        x = arena_printf(f->emit->arena, "%s + %s", x, function_extent(f, access.offset));
    struct code body, call;
    code_init(&body, f->emit->arena);
    code_init(&call, f->emit->arena);
    code_line(&call, "inv_column_sum(%s, %s, %s, %s, %s);",
              paged ? function_pointer_at(f, out, columns, "i")
                    : function_pointer_at(f, out, unit, "begin"),
              paged ? function_pointer_at(f, x, access.stride[0], "i")
                    : function_pointer_at(f, x, unit, "begin"),
              function_extent(f, access.stride[1]), function_extent(f, extent_of(space, 1)),
              paged ? function_extent(f, columns) : "end - begin");
    if (paged)
        code_block(&body, arena_printf(f->emit->arena, "for (%s i = begin; i < end; i++)",
                                       f->emit->target->integer), &call);
    function_set_body(f, paged ? &body : &call);
    return true;
}

/* Marks the nodes of the group that this one is made of, itself among them. */
static void mark_made_of(const struct function *f, int id, bool *marked)
{
    while (schedule_is_view(f->graph, id))
        id = graph_node(f->graph, id)->operand[0];
    const struct node *node = graph_node(f->graph, id);
    int at = 0;
    while (at < f->group->count && f->group->node[at] != id)
        at++;
    if (at == f->group->count || marked[at])
        return;
    marked[at] = true;
    for (int i = 0; i < node->count; i++)
        mark_made_of(f, node->operand[i], marked);
}

/* The maps that are summed up by this sum, or by all where it is NULL, at i, j, k: the nest of what
 * they read is at these, too. */
static void column_locals(struct function *f, struct nest *nest, const struct node *only,
                          int indent)
{
    const struct node *column = only ? only : group_class_node(f, CLASS_COLUMN);
    bool *marked = ARENA_ARRAY(f->emit->arena, bool, f->group->count);
    for (int i = 0; i < f->group->count; i++)
        if (is_column(graph_node(f->graph, f->group->node[i])) &&
            (!only || f->group->node[i] == only->id))
            mark_made_of(f, f->group->node[i], marked);
    struct columns c = group_columns(f, column);
    nest_init(nest, f, &graph_node(f->graph, column->operand[0])->shape, KEEP_ALL);
    struct block block = {.node = ARENA_ARRAY(f->emit->arena, int, f->group->count)};
    for (int i = 0; i < f->group->count; i++) {
        const struct node *node = graph_node(f->graph, f->group->node[i]);
        if (op_def(node->op)->class == CLASS_MAP && marked[i] && nest_includes(nest, node))
            block.node[block.count++] = node->id;
    }
    struct code locals;
    code_init(&locals, f->emit->arena);
    nest_join(nest, 0, c.first, "i", &locals);
    nest_join(nest, c.first, c.last, "j", &locals);
    nest_join(nest, c.last, nest->rank, "k", &locals);
    nest_block(nest, &block, -1, &locals);
    function_set_code(f, "locals", &locals, indent);
}

void group_column_values(struct function *f, const struct node *column, int indent)
{
    struct nest nest = {0};
    column_locals(f, &nest, column, indent);
    const char *value = nest_operand(&nest, column->operand[0]);
    if (column->op == OP_COLUMN_EXACT)
        value = arena_printf(f->emit->arena, "%s, 1", value);
    for (int i = 1; i < column->count; i++)
        value = arena_printf(f->emit->arena, "%s, %s", value,
                             nest_operand(&nest, column->operand[i]));
    values_set(f->values, "value", value);
}

bool group_column_exact(struct function *f, const struct node *column)
{
    bool exact = column->op == OP_COLUMN_EXACT || column->op == OP_COLUMN_SPREAD;
    if (exact) {
        values_set(f->values, "out", function_pointer(f, column->id, true));
        function_set_extent(f, "words", extent_of(&column->shape, 1));
        values_set(f->values, "columns", function_factor(f, extent_of(&column->shape, 2)));
        values_set(f->values, "kind", column->op == OP_COLUMN_EXACT ? ""
                                      : column->count == 1          ? "_spread"
                                                                    : "_weighted");
    }
    return exact;
}

const char *group_column_text(struct function *f, const struct node *column)
{
    const struct node *summed = graph_node(f->graph, column->operand[0]);
    const char *how = column->op == OP_COLUMN_COUNT ? "counts"
                      : column->dtype == I64        ? "exact sums"
                                                    : "sums of 256 rows, ascending, added up "
                                                      "ascending";
    int first, last;
    column_axes(column, &first, &last);
    const char *to = last - first > 1 ? arena_printf(f->emit->arena, " to %d", last - 1) : "";
    return arena_printf(f->emit->arena, "%s over axis %d%s: %s",
                        shape_print(f->emit->arena, summed->dtype, &summed->shape), first, to,
                        how);
}

/* The group's sums as the list `sum`: what is added up of each (of a nest of what they read), or
 * where it goes (NULL). */
static void column_sums(struct function *f, struct nest *nest)
{
    int number = 0;
    for (int i = 0; i < f->group->count; i++) {
        const struct node *node = graph_node(f->graph, f->group->node[i]);
        if (!is_column(node))
            continue;
        struct values *sum = values_add_item(f->values, "sum");
        values_printf(sum, "number", "%d", number++);
        values_printf(sum, "total", "total_%d", node->id);
        values_printf(sum, "chunk", "chunk_%d", node->id);
        if (nest)
            values_set(sum, "value", nest_operand(nest, node->operand[0]));
        if (!nest || !f->group->chunks)
            values_set(sum, "target", group_column_target(f, node));
        if (!nest)
            values_set(sum, "out", function_pointer(f, node->id, true));
    }
}

/* The function before: the sum of each chunk that begins in the rows at hand. */
static void column_chunks(struct function *f, const struct node *column,
                          const struct columns *columns)
{
    struct function chunks = function_before(f, "chunks");
    struct nest nest = {0};
    int64_t width = function_most(f, columns->columns);
    chunks.skeleton = "templates/skeleton/column_chunks.c";
    chunks.mapping = arena_printf(f->emit->arena, "%s\n * here the sum of each chunk",
                                  group_column_text(&chunks, column));
    values_set(chunks.values, "chunks", function_chunks(&chunks, true));
    values_printf(chunks.values, "sums", "%d", count_columns(f));
    values_printf(chunks.values, "columns", "%" PRId64, width);
    function_set_extent(&chunks, "rows", columns->rows);
    column_locals(&chunks, &nest, NULL, 4);
    column_sums(&chunks, &nest);
    function_finish(&chunks);
    f->stack += count_columns(f) * width * dtype_bytes(F32);
    f->chunks = chunks.name;
    f->terms = columns->rows;
}

/* Sums of chunks, then these are added up, each by a step of its own. */
static void column_split(struct function *f, const struct node *column,
                         const struct columns *columns)
{
    column_chunks(f, column, columns);
    f->skeleton = "templates/skeleton/column_join.c";
    f->mapping = arena_printf(f->emit->arena, "%s\n * here these sums are added up",
                              f->mapping);
    f->count = columns->columns;
    values_set(f->values, "chunks", function_chunks(f, false));
    values_printf(f->values, "sums", "%d", count_columns(f));
    function_set_extent(f, "columns", columns->columns);
    function_set_extent(f, "rows", columns->rows);
    column_sums(f, NULL);
}

/* Each sum whole. */
static void column_whole(struct function *f)
{
    struct nest nest = {0};
    column_locals(f, &nest, NULL, 6);
    column_sums(f, &nest);
    f->skeleton = "templates/skeleton/column.c";
}

void c_column_group(struct function *f)
{
    const struct node *column = group_class_node(f, CLASS_COLUMN);
    const struct shape *space = &graph_node(f->graph, column->operand[0])->shape;
    f->mapping = group_column_text(f, column);
    function_use(f, column->op);
    struct columns columns = group_columns(f, column);
    column_limits(f, &columns);
    if (f->group->chunks) {
        column_split(f, column, &columns);
        return;
    }
    if (column_call(f, column, space))
        return;
    bool exact = group_column_exact(f, column), count = column->dtype == I64;
    if (!exact && !count) {
        column_whole(f);
        return;
    }
    group_column_values(f, column, exact ? 3 : 4);
    values_set(f->values, "target", group_column_target(f, column));
    f->skeleton = exact ? "templates/skeleton/exact.c" : "templates/skeleton/count.c";
}

/* ---- contract ---- */

enum { TILE_ROWS_MAX = 128, TILE_COLUMNS = 512, TILE_ROWS_STORED = 256 };

/* Of a wide product: columns of b that its rows read as panels, tile by tile, which a level-2 cache
 * holds (and the stack). */
enum { PANEL_COLUMNS = 1024, PANEL_FLOATS = 256 << 10, PANEL_ROWS = 64 };

/* Scalar operations of a product from which the columns may be what threads share. */
enum { SPLIT_WORK = 4 << 20 };

/* Whether elements along `a` lie farther apart than those along `b`. */
static bool strides_more(struct extent a, struct extent b)
{
    return a.rows != b.rows ? a.rows > b.rows : a.constant > b.constant;
}

/* "max_7[p, i]": side `index` as stored, at an output's indices and p. */
static const char *side_text(struct function *f, const struct node *matmul, int index)
{
    struct side side = group_contract_side(f, matmul, index);
    bool paged = matmul->shape.rank == 3;
    bool swapped = index == 0 ? matmul->attr.transpose_a : matmul->attr.transpose_b;
    const char *own = index == 0 ? paged ? "j" : "i" : paged ? "k" : "j";
    if (index == 1 && matmul->attr.panel > 0)
        return arena_printf(f->emit->arena, "%s[j / %d, p, j %% %d]",
                            function_pointer(f, side.node, false), matmul->attr.panel,
                            matmul->attr.panel);
    bool k_first = (index == 1) != swapped;
    if (!extent_equal(side.k, side.own))
        k_first = strides_more(side.k, side.own);
    return arena_printf(f->emit->arena, "%s[%s%s, %s]", function_pointer(f, side.node, false),
                        paged ? "i, " : "", k_first ? "p" : own, k_first ? own : "p");
}

const char *group_product_text(struct function *f, const struct node *matmul)
{
    const char *a = side_text(f, matmul, 0), *b = side_text(f, matmul, 1);
    const char *shape = shape_print(f->emit->arena, F32, &matmul->shape);
    struct side side = group_contract_side(f, matmul, 0);
    return arena_printf(f->emit->arena,
                        "%s: sum over p < %s of %s * %s, ascending in chunks of 256", shape,
                        function_extent(f, side.length), a, b);
}

/* Whether a product without storage is too wide for whole rows of it to wait in the cache. */
static bool tile_is_wide(const struct function *f, const struct node *matmul)
{
    const struct shape *shape = &matmul->shape;
    return f->emit->target->tiles_stored && shape->rank == 2 &&
           function_most(f, extent_of(shape, 1)) > TILE_COLUMNS;
}

/* How many columns of b lie in panels at a time while rows of a wide product read them; 0: too few
 * rows would, or chains are too long for that. */
static int64_t panel_columns(const struct function *f, const struct node *matmul)
{
    struct extent k = extent_of(&graph_node(f->graph, matmul->operand[0])->shape,
                                matmul->attr.transpose_a ? 0 : 1);
    int64_t most = PANEL_FLOATS / function_most(f, k) / INV_PANEL * INV_PANEL;
    int64_t all = function_most(f, extent_of(&matmul->shape, 1)) + INV_PANEL - 1;
    most = most < PANEL_COLUMNS ? most : PANEL_COLUMNS;
    most = most < all ? most : all / INV_PANEL * INV_PANEL;
    bool pays = most >= TILE_COLUMNS / 2 && matmul->attr.panel == 0 &&
                function_most(f, extent_of(&matmul->shape, 0)) >= PANEL_ROWS;
    return pays ? most : 0;
}

/* Columns of a tile of a wide product. */
static int64_t wide_columns(const struct function *f, const struct node *matmul)
{
    int64_t panels = panel_columns(f, matmul);
    return panels > 0 ? panels : TILE_COLUMNS;
}

/* The products at the nest's index: state is the text of their storage or NULL for a tile. */
static const char *product_element(struct nest *nest, int id)
{
    struct function *f = nest->function;
    const struct node *matmul = group_first(f);
    if (id != matmul->id)
        return NULL;
    struct access access = schedule_access(f->graph, id, &nest->space);
    if (nest->state)
        return arena_printf(f->emit->arena, "%s[%s]", (const char *)nest->state,
                            nest_index(nest, &access));
    int rows = matmul->shape.rank - 2, column = matmul->shape.rank - 1;
    bool wide = tile_is_wide(f, matmul);
    struct extent width = extent_of(&matmul->shape, column);
    if (nest->rank == 1 && !extent_is(width, 1))
        return arena_printf(f->emit->arena, "tile[i - %sfirst]", function_factor(f, width));
    struct text index;
    text_init(&index, f->emit->arena);
    text_puts(&index, "");              /* a value of one element is made before the loops */
    if (!extent_is(extent_of(&matmul->shape, rows), 1))
        emit_term(&index, wide ? (struct extent){.constant = wide_columns(f, matmul)} : width,
                  rows == 0 ? "(i - first)" : "(j - first)");
    if (!extent_is(width, 1))
        emit_term(&index, (struct extent){.constant = 1},
                  wide ? "(j - left)" : rows == 0 ? "j" : "k");
    return arena_printf(f->emit->arena, "tile[%s]", index.size ? index.data : "0");
}

/* Where all that the epilogue touches lies as the product does, or is one value, one loop walks
 * whole rows of it: vectors are full, however short a row is.  False where it is not so. */
static bool flat_epilogue(struct function *f, const struct node *matmul, const struct nest *like,
                          struct code *body)
{
    struct nest nest = *like;
    nest_init(&nest, f, &matmul->shape, 0);
    if (nest.rank != 1)
        return false;
    const char *width = function_factor(f, extent_of(&matmul->shape, 1));
    nest.loop[0].from = arena_printf(f->emit->arena, "%sfirst", width);
    nest.loop[0].to = arena_printf(f->emit->arena, "%slast", width);
    nest_emit(&nest, body);
    return true;
}

static void contract_epilogue(struct function *f, const struct node *matmul, const char *storage,
                              bool by_columns, struct code *body)
{
    bool paged = matmul->shape.rank == 3;
    struct nest nest = {.local = product_element, .state = (void *)(uintptr_t)storage};
    if (!paged && !by_columns && (storage || !tile_is_wide(f, matmul)) &&
        flat_epilogue(f, matmul, &nest, body))
        return;
    nest_init(&nest, f, &matmul->shape, paged ? KEEP_ALL : KEEP_FIRST);
    struct nest_loop *rows = &nest.loop[paged ? 1 : 0];
    rows->from = "first";
    rows->to = "last";
    bool wide = !storage && tile_is_wide(f, matmul);
    if (by_columns)
        nest_split(&nest, 1);
    if (wide) {
        nest.loop[1].from = "left";
        nest.loop[1].to = "right";
    }
    nest.outer = paged ? 1 : 0;
    nest_emit(&nest, body);
}

/* Rows of the product before row `row` of page i. */
static const char *product_at(struct function *f, const struct shape *shape, const char *storage,
                              const char *row)
{
    struct extent n = extent_of(shape, shape->rank - 1), m = extent_of(shape, shape->rank - 2);
    if (shape->rank == 3)
        storage = function_pointer_at(f, storage, extent_multiply(m, n), "i");
    return function_pointer_at(f, storage, n, row);
}

/* Whether threads share the columns rather than the rows: each of them reads all of the operand
 * that is not split, so the larger one is.  The runtime splits large products only. */
static bool splits_columns(const struct function *f, const struct node *matmul, bool stored)
{
    const struct shape *shape = &matmul->shape;
    int64_t work = function_most(f, group_cost(f)), m = function_most(f, extent_of(shape, 0));
    return f->emit->target->tiles_stored && stored && shape->rank == 2 && work >= SPLIT_WORK &&
           !f->group->chunks && matmul->attr.panel == 0 &&
           function_most(f, extent_of(shape, 1)) > m;
}

/* What inv_for splits runs from begin to end, the other axis over all. */
static void contract_limits(struct function *f, const struct shape *shape, bool by_columns)
{
    int rank = shape->rank;
    const char *m = function_extent(f, extent_of(shape, rank - 2));
    const char *n = function_extent(f, extent_of(shape, rank - 1));
    values_set(f->values, "row_begin", by_columns ? "0" : "begin");
    values_set(f->values, "row_end", by_columns ? m : "end");
    values_set(f->values, "rows", by_columns || rank == 3 ? m : "end - begin");
    values_set(f->values, "columns", by_columns ? "end - begin" : n);
}

static void contract_values(struct function *f, const struct node *matmul, struct side *a,
                            struct side *b, const char *row)
{
    const struct shape *shape = &matmul->shape;
    if (shape->rank == 3) {
        a->pointer = function_pointer_at(f, a->pointer, a->page, "i");
        b->pointer = function_pointer_at(f, b->pointer, b->page, "i");
    }
    values_set(f->values, "a", function_pointer_at(f, a->pointer, a->own, row));
    values_set(f->values, "b", b->pointer);
    function_set_extent(f, "out_row", extent_of(shape, shape->rank - 1));
    function_set_extent(f, "a_m", a->own);
    function_set_extent(f, "a_k", a->k);
    function_set_extent(f, "b_k", b->k);
    function_set_extent(f, "b_n", b->own);
    function_set_extent(f, "m", extent_of(shape, shape->rank - 2));
    function_set_extent(f, "n", extent_of(shape, shape->rank - 1));
    function_set_extent(f, "k", a->length);
}

static int64_t tile_columns(const struct function *f, const struct node *matmul, bool stored)
{
    const struct shape *shape = &matmul->shape;
    return !stored && tile_is_wide(f, matmul) ? wide_columns(f, matmul)
                                              : function_most(f, extent_of(shape, shape->rank - 1));
}

/* Floats of a tile that a level-1 cache holds until its epilogue has used them, and of a right
 * operand that is read again for each of these where it lies, from a level-2 cache.  STRIP_ROWS:
 * every level's strips divide it (core/tiles.h). */
enum { TILE_NEAR = 8 << 10, RIGHT_NEAR = 32 << 10, STRIP_ROWS = 12 };

/* Whether small tiles of a product without storage cost nothing: its right operand needs no
 * packing. */
static bool tile_is_near(struct function *f, const struct node *matmul)
{
    if (!f->emit->target->tiles_stored || matmul->shape.rank != 2 || matmul->attr.panel > 0)
        return false;
    struct side b = group_contract_side(f, matmul, 1);
    int64_t columns = function_most(f, extent_of(&matmul->shape, 1));
    return extent_is(b.own, 1) && columns <= TILE_COLUMNS &&
           function_most(f, b.length) * columns <= RIGHT_NEAR;
}

/* All rows of the product, or whole strips of them. */
static int64_t tile_rows_near(const struct function *f, const struct node *matmul, int64_t columns)
{
    int64_t rows = TILE_NEAR / columns;
    bool all = function_most(f, extent_of(&matmul->shape, 0)) <= rows;
    return all ? rows : rows / STRIP_ROWS * STRIP_ROWS;
}

/* The largest number of rows whose products stay in the cache (and on the stack) until the
 * epilogue has used them.  Wide products that have storage are too large for a near cache anyway:
 * there as many rows as share a packed panel of b. */
static int64_t tile_rows(struct function *f, const struct node *matmul, bool stored)
{
    int64_t columns = tile_columns(f, matmul, stored);
    int64_t rows = f->emit->target->tile_floats / columns;
    if (stored && rows < TILE_ROWS_MAX && f->emit->target->tiles_stored)
        return TILE_ROWS_STORED;
    if (!stored && tile_is_near(f, matmul))
        rows = tile_rows_near(f, matmul, columns);
    return rows < 1 ? 1 : rows > TILE_ROWS_MAX ? TILE_ROWS_MAX : rows;
}

static const char *tile_declaration(struct function *f, const struct node *matmul)
{
    int64_t columns = tile_columns(f, matmul, false);
    bool deep = matmul->shape.rank == 3 || tile_is_wide(f, matmul);
    f->stack += tile_rows(f, matmul, false) * columns * dtype_bytes(F32);
    return arena_printf(f->emit->arena, "%sfloat tile[%" PRId64 " * %" PRId64 "];",
                        deep ? "            " : "        ", tile_rows(f, matmul, false), columns);
}

/* Which function computes the product, and the line of what becomes of it, or NULL. */
static void matmul_call(struct function *f, const struct node *matmul, const char *finish)
{
    bool panels = matmul->attr.panel > 0;
    group_contract_call(f, panels ? "inv_contract_panels" : finish ? "inv_contract_finish"
                                                                   : "inv_contract",
                        finish ? finish : "", "finish");
    if (panels && !finish)
        values_set(f->values, "and_more", ", NULL");
}

/* A tile of a wide product is some rows of some columns; where many rows read these of b, they
 * read panels of them. */
static void wide_values(struct function *f, const struct node *matmul, const struct side *a,
                        const struct side *b)
{
    int64_t columns = panel_columns(f, matmul);
    values_printf(f->values, "tile_columns", "%" PRId64, wide_columns(f, matmul));
    values_set(f->values, "panels", "");
    if (columns == 0)
        return;
    const char *k = function_extent(f, a->length);
    int64_t most = function_most(f, a->length);
    f->stack += most * columns * dtype_bytes(F32);
    values_set(f->values, "panels",
               arena_printf(f->emit->arena,
                            "        _Alignas(64) float panels[%" PRId64 " * %" PRId64 "];\n"
                            "        inv_panels(panels, %s, %s, %s, right - left, %s);",
                            most, columns, b->pointer, function_extent(f, b->k),
                            function_extent(f, b->own), k));
    values_set(f->values, "b", "panels");
    values_printf(f->values, "b_k", "%d", INV_PANEL);
    function_set_extent(f, "b_n", extent_multiply(a->length,
                                                  (struct extent){.constant = INV_PANEL}));
    values_set(f->values, "contract", "inv_contract_panels");
    values_set(f->values, "and_more", ", NULL");
}

/* A product of a band: outputs are rows of all pages, in any number. */
static void matmul_rows(struct function *f)
{
    const struct node *matmul = group_first(f);
    const struct shape *shape = &matmul->shape;
    struct side a = group_contract_side(f, matmul, 0), b = group_contract_side(f, matmul, 1);
    int product = group_product_storage(f, matmul);
    const char *storage = product < 0 ? NULL : function_pointer(f, product, true);
    struct extent rows = extent_of(shape, 1);
    struct code body;
    code_init(&body, f->emit->arena);
    contract_epilogue(f, matmul, storage, false, &body);
    contract_limits(f, shape, false);
    contract_values(f, matmul, &a, &b, "first");
    values_set(f->values, "out", storage ? product_at(f, shape, storage, "first") : "tile");
    values_set(f->values, "m_factor", function_factor(f, rows));
    values_printf(f->values, "tile_rows", "%" PRId64, tile_rows(f, matmul, storage != NULL));
    values_set(f->values, "tile", storage ? "" : tile_declaration(f, matmul));
    function_set_code(f, "body", &body, 2);
    f->skeleton = body.count > 0 ? "templates/skeleton/contract_row_tiles.c"
                                 : "templates/skeleton/contract_rows.c";
    f->mapping = group_product_text(f, matmul);
    f->count = extent_multiply(extent_of(shape, 0), rows);
    function_use(f, matmul->op);
}

/* One that sums over the rows of each page, which come in pieces. */
static void matmul_columns(struct function *f)
{
    const struct node *matmul = group_first(f);
    const struct shape *shape = &matmul->shape;
    struct side a = group_contract_side(f, matmul, 0), b = group_contract_side(f, matmul, 1);
    a.pointer = function_pointer_at(f, a.pointer, a.k, "first");
    b.pointer = function_pointer_at(f, b.pointer, b.k, "first");
    contract_limits(f, shape, false);
    contract_values(f, matmul, &a, &b, "");
    values_set(f->values, "out", product_at(f, shape, function_pointer(f, matmul->id, true), ""));
    values_set(f->values, "k_factor", function_factor(f, a.length));
    f->skeleton = "templates/skeleton/contract_columns.c";
    f->mapping = group_product_text(f, matmul);
    f->count = extent_multiply(extent_of(shape, 0), a.length);
    function_use(f, matmul->op);
}

static void matmul_group(struct function *f)
{
    const struct node *matmul = group_first(f);
    const struct shape *shape = &matmul->shape;
    bool paged = shape->rank == 3;
    struct side a = group_contract_side(f, matmul, 0), b = group_contract_side(f, matmul, 1);
    int product = group_product_storage(f, matmul);
    const char *storage = product < 0 ? NULL : function_pointer(f, product, true);
    bool by_columns = splits_columns(f, matmul, storage != NULL);
    bool whole = f->group->chunks == NULL;
    const char *finish =
        by_columns || !storage || !whole ? NULL : finish_line(f, matmul, product, "begin");
    struct code body;
    code_init(&body, f->emit->arena);
    if (!finish)
        contract_epilogue(f, matmul, storage, by_columns, &body);
    f->mapping = group_product_text(f, matmul);
    if (!whole) {
        windows_add_chunks(f, matmul, &body);
        return;
    }
    bool tiled = body.count > 0;
    const char *row = tiled ? "first" : paged || by_columns ? "" : "begin";
    contract_limits(f, shape, by_columns);
    bool wide = tiled && !storage && tile_is_wide(f, matmul);
    if (by_columns || wide)             /* whole panels, which are as long as all columns of k */
        b.pointer = function_pointer_at(f, b.pointer, matmul->attr.panel > 0 ? a.length : b.own,
                                        wide ? "left" : "begin");
    contract_values(f, matmul, &a, &b, row);
    const char *out = storage ? product_at(f, shape, storage, row) : "tile";
    if (by_columns)
        out = function_pointer_at(f, out, (struct extent){.constant = 1}, "begin");
    values_set(f->values, "out", out);
    values_printf(f->values, "tile_rows", "%" PRId64, tile_rows(f, matmul, storage != NULL));
    values_set(f->values, "tile", storage ? "" : tile_declaration(f, matmul));
    function_set_code(f, "body", &body, paged || wide ? 3 : 2);
    matmul_call(f, matmul, finish);
    if (wide)
        wide_values(f, matmul, &a, &b);
    f->skeleton = paged && tiled ? "templates/skeleton/contract_page_tiles.c"
                  : paged        ? "templates/skeleton/contract_pages.c"
                  : wide         ? "templates/skeleton/contract_wide_tiles.c"
                  : tiled        ? "templates/skeleton/contract_tiles.c"
                                 : "templates/skeleton/contract.c";
    f->count = extent_of(shape, by_columns ? 1 : 0);
    function_use(f, matmul->op);
}

void c_contract_group(struct function *f)
{
    void (*plain)(struct function *) = group_first(f)->op == OP_MATMUL ? matmul_group
                                                                       : windows_group;
    if (schedule_is_by_rows(f->graph, f->group))
        (f->group->sums ? matmul_columns : matmul_rows)(f);
    else
        plain(f);
}

/* ---- take, scatter ---- */

void group_take(struct function *f)
{
    const struct node *take = group_first(f), *x = graph_node(f->graph, take->operand[0]);
    struct extent pages = extent_of(&take->shape, 0), r = extent_of(&take->shape, 1);
    struct extent n = extent_of(&x->shape, 1), c = extent_of(&take->shape, 2);
    const char *page = "";
    if (!extent_is(pages, 1))
        page = arena_printf(f->emit->arena, r.rows ? "%s(i / (%s)) + " : "%s(i / %s) + ",
                            function_factor(f, n), function_extent(f, r));
    values_set(f->values, "out", function_pointer(f, take->id, true));
    values_set(f->values, "x", function_pointer(f, x->id, false));
    values_set(f->values, "index", function_pointer(f, take->operand[1], false));
    values_set(f->values, "page", extent_is(r, 1) && *page ? arena_printf(f->emit->arena, "%si + ",
                                                                 function_factor(f, n)) : page);
    values_set(f->values, "row", function_factor(f, c));
    function_set_extent(f, "n", n);
    function_set_extent(f, "c", c);
    f->count = extent_multiply(pages, r);
    function_use(f, take->op);
}

void c_take_group(struct function *f)
{
    group_take(f);
    f->skeleton = extent_is(extent_of(&group_first(f)->shape, 2), 1)
                      ? "templates/skeleton/take_one.c" : "templates/skeleton/take.c";
}

/* ---- scatter, line ---- */

/* The result and the operands at page i: [p, n, c], or what all columns share, [p, r]. */
static const char *line_arguments(struct function *f, const struct node *line, bool paged)
{
    struct text text;
    text_init(&text, f->emit->arena);
    for (int i = -1; i < line->count; i++) {
        int id = i < 0 ? line->id : line->operand[i];
        const struct shape *shape = &graph_node(f->graph, id)->shape;
        struct extent page = paged ? extent_between(shape, 1, shape->rank) : (struct extent){0};
        text_printf(&text, "%s%s", i < 0 ? "" : ", ",
                    function_pointer_at(f, function_pointer(f, id, i < 0), page, "i"));
    }
    return text.data;
}

void group_line(struct function *f)
{
    const struct node *line = group_first(f);
    const struct op_def *def = op_def(line->op);
    struct extent pages = extent_of(&line->shape, 0), c = extent_of(&line->shape, 2);
    bool paged = !extent_is(pages, 1);
    values_set(f->values, "stem", def->stem);
    values_set(f->values, "arguments", line_arguments(f, line, paged));
    values_set(f->values, "page_begin", paged ? "begin" : "0");
    values_set(f->values, "page_end", paged ? "end" : "1");
    values_set(f->values, "column_begin", paged ? "0" : "begin");
    values_set(f->values, "column_end", paged ? function_extent(f, c) : "end");
    values_set(f->values, "marks", !(def->attributes & ATTR_REVERSE) ? ""
                                   : line->attr.reverse             ? ", 1"
                                                                    : ", 0");
    function_set_extent(f, "n", extent_of(&line->shape, 1));
    function_set_extent(f, "r",
                        extent_of(&graph_node(f->graph, line->operand[0])->shape, 1));
    function_set_extent(f, "c", c);
    f->count = paged ? pages : c;
    function_use(f, line->op);
}

void c_line_group(struct function *f)
{
    group_line(f);
    f->skeleton = "templates/skeleton/line.c";
}

void c_scatter_group(struct function *f)
{
    const struct node *scatter = group_first(f);
    c_line_group(f);
    const char *in = function_pointer(f, scatter->operand[0], false);
    f->mapping = arena_printf(f->emit->arena, "%s: row r of %s is added to row %s[r], r ascending",
                              shape_print(f->emit->arena, F32, &scatter->shape), in,
                              function_pointer(f, scatter->operand[1], false));
}

/* ---- operators of the model's own ---- */

/* ", x + 8 * i, w, 8": the operands of call i, [calls, n] or the same for all, then the numbers. */
static const char *custom_arguments(struct function *f, const struct node *node)
{
    struct text text;
    text_init(&text, f->emit->arena);
    text_puts(&text, "");
    for (int i = 0; i < node->count; i++) {
        const struct shape *shape = &graph_node(f->graph, node->operand[i])->shape;
        bool each = !extent_is(extent_of(shape, 0), 1);
        struct extent step = each ? extent_of(shape, 1) : (struct extent){0};
        const char *from = function_pointer(f, node->operand[i], false);
        text_printf(&text, ", %s", function_pointer_at(f, from, step, "i"));
    }
    text_printf(&text, "%s%s", *node->attr.numbers ? ", " : "", node->attr.numbers);
    return text.data;
}

void group_custom(struct function *f)
{
    const struct node *node = group_first(f);
    struct extent calls = extent_of(&node->shape, 0), n = extent_of(&node->shape, 1);
    const char *out = function_pointer(f, node->id, true);
    values_set(f->values, "out", function_pointer_at(f, out, n, "i"));
    values_printf(f->values, "function", CUSTOM_PREFIX "%s", node->attr.function);
    values_set(f->values, "arguments", custom_arguments(f, node));
    function_set_extent(f, "n", n);
    function_set_extent(f, "calls", calls);
    f->mapping = arena_printf(f->emit->arena, "%s: a call of %s for each row",
                              shape_print(f->emit->arena, node->dtype, &node->shape),
                              node->attr.function);
    f->count = calls;
    function_use(f, node->op);
}

void c_custom_group(struct function *f)
{
    group_custom(f);
    f->skeleton = "templates/skeleton/custom.c";
}

/* ---- concat, pad ---- */

/* How a nest over `part` walks the whole, in which it starts at `start`. */
static struct access whole_access(const struct node *whole, const struct shape *part,
                                  const int64_t *start)
{
    struct access access = {.node = whole->id};
    struct extent stride[RANK_MAX];
    shape_strides(&whole->shape, stride);
    for (int axis = 0; axis < part->rank; axis++) {
        if (!extent_is(extent_of(part, axis), 1))
            access.stride[axis] = stride[axis];
        access.offset.constant += stride[axis].constant * start[axis];
        access.offset.rows += stride[axis].rows * start[axis];
    }
    return access;
}

/* Has the loop over axis 0 of a part that starts at `start` stay within begin .. end. */
static void clip_loop(struct function *f, struct nest_loop *loop, int64_t start, struct code *code)
{
    const char *to = function_extent(f, loop->extent), *integer = f->emit->target->integer;
    code_line(code, "const %s from = begin < %" PRId64 " ? 0 : begin - %" PRId64 ";", integer,
              start, start);
    code_line(code, "const %s to = end - %" PRId64 " < %s ? end - %" PRId64 " : %s;", integer,
              start, to, start, to);
    loop->from = "from";
    loop->to = "to";
}

void group_part_nest(struct nest *nest, struct function *f, const struct node *whole, int operand,
                     const int64_t *start, unsigned keep)
{
    const struct shape *part = &graph_node(f->graph, operand)->shape;
    *nest = (struct nest){.access_count = 2};
    nest->access[0] = whole_access(whole, part, start);
    nest->access[1] = schedule_access(f->graph, operand, part);
    nest_init(nest, f, part, keep);
}

void group_part_line(struct nest *nest, const struct node *whole, int operand, struct code *code)
{
    const char *value = nest_operand(nest, operand);
    code_line(code, "%s[%s] = %s;", function_pointer(nest->function, whole->id, true),
              nest_index(nest, &nest->access[0]), value);
}

/* Copies the operand to its place in the whole.  But for a CONCAT over axis 0, that axis runs over
 * begin .. end of the whole's. */
static void copy_part(struct function *f, const struct node *whole, int operand,
                      const int64_t *start, struct code *code)
{
    const struct shape *part = &graph_node(f->graph, operand)->shape;
    bool split = whole->op != OP_CONCAT || whole->attr.axis > 0;
    struct nest nest;
    group_part_nest(&nest, f, whole, operand, start, split ? KEEP_FIRST : 0);
    if (split && start[0] == 0 && extent_equal(extent_of(part, 0), extent_of(&whole->shape, 0)))
        nest_split(&nest, 0);
    else if (split)
        clip_loop(f, &nest.loop[0], start[0], code);
    struct code line;
    code_init(&line, f->emit->arena);
    group_part_line(&nest, whole, operand, &line);
    nest_wrap(&nest, nest.rank, &line, code);
}

/* Does the operand of a flat CONCAT lie at its piece already? */
static bool lies_there(const struct function *f, const struct node *whole, int operand,
                       int64_t start)
{
    const struct place *from = function_place(f, operand), *to = function_place(f, whole->id);
    int64_t before = start * dtype_bytes(whole->dtype);
    for (int axis = whole->attr.axis + 1; axis < whole->shape.rank; axis++)
        before *= whole->shape.dim[axis];
    for (int axis = 0; axis < whole->attr.axis; axis++)
        if (!extent_is(extent_of(&whole->shape, axis), 1))
            return false;
    return from->kind == PLACE_ARENA && from->offset == to->offset + before;
}

void group_pieces(struct function *f, const struct node *concat, struct code *code,
                  void (*copy)(struct function *, const struct node *whole, int operand,
                               const int64_t *start, struct code *))
{
    int64_t start[RANK_MAX] = {0};
    int axis = concat->attr.axis;
    for (int i = 0; i < concat->count; i++) {
        int operand = concat->operand[i];
        if (!lies_there(f, concat, operand, start[axis]))
            copy(f, concat, operand, start, code);
        start[axis] += graph_node(f->graph, operand)->shape.dim[axis];
    }
}

static void concat_body(struct function *f, const struct node *concat, struct code *body)
{
    bool split = concat->attr.axis > 0;
    if (!split)
        guard_whole(f, body);
    f->count = split ? extent_of(&concat->shape, 0) : (struct extent){.constant = 1};
    group_pieces(f, concat, body, copy_part);
}

static void pad_body(struct function *f, const struct node *pad, struct code *body)
{
    struct extent row = {.constant = 1};
    for (int axis = 1; axis < pad->shape.rank; axis++)
        row = extent_multiply(row, extent_of(&pad->shape, axis));
    const char *factor = function_factor(f, row);
    const char *close = extent_is(row, 1) ? "" : ")";
    struct code zero;
    code_init(&zero, f->emit->arena);
    code_line(&zero, "%s[i] = 0;", function_pointer(f, pad->id, true));
    code_block(body, arena_printf(f->emit->arena, "for (%s i = %s%sbegin%s; i < %s%send%s; i++)",
                                  f->emit->target->integer, factor, *close ? "(" : "", close,
                                  factor, *close ? "(" : "", close), &zero);
    copy_part(f, pad, pad->operand[0], pad->attr.start, body);
    f->count = extent_of(&pad->shape, 0);
}

void group_move(struct function *f, mover *concat, mover *pad)
{
    const struct node *move = group_first(f);
    struct code body;
    code_init(&body, f->emit->arena);
    (move->op == OP_CONCAT ? concat : pad)(f, move, &body);
    function_set_body(f, &body);
}

void c_move_group(struct function *f)
{
    group_move(f, concat_body, pad_body);
}

/* ---- random, serial ---- */

/* The value of element j of a draw; the operator's own attribute is the last argument. */
static const char *random_value(struct function *f, const struct node *node)
{
    struct arena *arena = f->emit->arena;
    const struct op_def *def = op_def(node->op);
    const char *own = "";
    if (def->attributes & ATTR_WHOLE)
        own = arena_printf(arena, ", %" PRId64, node->attr.whole);
    if (def->attributes & ATTR_PROBABILITY)
        own = arena_printf(arena, ", %s", emit_float(arena, node->attr.probability));
    return arena_printf(arena, "inv_%s_of(&draw, j%s)", def->stem, own);
}

static const char *moment_text(const struct node *node)
{
    return node->attr.domain == DOMAIN_STEP ? "(uint64_t)run->step" : "0";
}

void group_random(struct function *f)
{
    const struct node *node = group_first(f);
    struct extent all = extent_of_all(&node->shape);
    struct extent row = {.constant = all.rows};
    bool batch = node->shape.rows == 0;
    const char *first = arena_printf(f->emit->arena, "const %s first = %srun->first_row;",
                                     f->emit->target->integer,
                                     function_factor(f, row));
    assert(node->shape.rows <= 0);
    values_set(f->values, "out", function_pointer(f, node->id, true));
    values_set(f->values, "stream", function_stream(f, node));
    values_set(f->values, "moment", moment_text(node));
    values_set(f->values, "value", random_value(f, node));
    values_set(f->values, "type", emit_ctype(node->dtype));
    values_set(f->values, "element", batch ? "first + i" : "i");
    values_set(f->values, "first", batch ? first : "");
    function_set_extent(f, "row", row);
    values_set(f->values, "factor", function_factor(f, row));
    f->count = all;
    function_use(f, node->op);
    f->mapping = arena_printf(f->emit->arena, "%s: four elements a counter, stream %s",
                              shape_print(f->emit->arena, node->dtype, &node->shape),
                              node->attr.path);
    if (node->attr.domain != DOMAIN_SAMPLE)
        return;
    values_set(f->values, "sample", function_pointer(f, node->operand[0], false));
    f->count = extent_of(&node->shape, 0);
}

void c_random_group(struct function *f)
{
    static const char *const skeleton[2][2] = {
        {"templates/skeleton/random.c", "templates/skeleton/random_quads.c"},
        {"templates/skeleton/random_sample.c", "templates/skeleton/random_sample_quads.c"}};
    group_random(f);
    bool sample = group_first(f)->attr.domain == DOMAIN_SAMPLE;
    f->skeleton = skeleton[sample][f->emit->target->quads];
}

/* Where a sequence is drawn; or the digits that are rounded, and how many numbers they are of. */
static const char *serial_arguments(struct function *f, const struct node *node)
{
    struct text text;
    text_init(&text, f->emit->arena);
    if (node->count == 0)
        text_printf(&text, "run->key, %s, %s", moment_text(node), function_stream(f, node));
    for (int i = 0; i < node->count; i++)
        text_printf(&text, "%s%s", i ? ", " : "", function_pointer(f, node->operand[i], false));
    if (node->op == OP_EXACT_SPREAD)
        text_printf(&text, "%s, %" PRId64, node->count == 1 ? ", run->rows" : "",
                    node->attr.whole);
    return text.data;
}

void group_serial(struct function *f)
{
    const struct node *node = group_first(f);
    values_set(f->values, "out", function_pointer(f, node->id, true));
    values_set(f->values, "stem", node->count == 2 ? "exact_weighted_spread"
                                                   : op_def(node->op)->stem);
    values_set(f->values, "arguments", serial_arguments(f, node));
    function_set_extent(f, "n", extent_of_all(&node->shape));
    f->count = (struct extent){.constant = 1};
    function_use(f, node->op);
}

void c_serial_group(struct function *f)
{
    group_serial(f);
    f->skeleton = "templates/skeleton/serial.c";
}

/* ---- all ---- */

void (*const c_groups[CLASS_COUNT])(struct function *) = {
#define NEST(class, stem, ...) [CLASS_##class] = c_##stem##_group,
#include "graph/classes.def"
};

struct extent group_cost(const struct function *f)
{
    struct extent cost = {0};
    for (int i = 0; i < f->group->count; i++) {
        struct work work = node_work(f->graph, graph_node(f->graph, f->group->node[i]));
        cost.constant += work.steps.constant;
        cost.rows += work.steps.rows;
    }
    return cost;
}
