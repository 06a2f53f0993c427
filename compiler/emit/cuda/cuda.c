/* NAME.cu and the tables beside it: the groups of the schedule as kernels.  Loops of C become
 * threads: each output is computed by one thread (MAP and most others), one warp (ROW) or by what
 * runtime/cuda sums in the contract's order (COLUMN, CONTRACT), so that any launch gives the same
 * bits.
 *
 * requires: pass_plan has run. */
#include "emit/emit.h"
#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include "emit/cuda/group.h"
#include "emit/cuda/launch.h"
#include "emit/c/group.h"
#include "emit/c/row.h"
#include "emit/c/table.h"
#include "emit/text.h"
#include "emit/share.h"

enum {
    ROW_WARPS = 4,                      /* of a block, at most */
    ROW_SHARED = 49152,                 /* bytes that every device gives a block */
    ROW_ALIGN = 16,                     /* of a row's arrays there, or in the workspace */
    ROW_BLOCKS = 64                     /* where the rows' arrays lie in the workspace */
};

/* ---- loops as threads ---- */

static struct extent loops_extent(const struct nest *nest, int from, int to)
{
    struct extent all = {.constant = 1};
    for (int i = from; i < to; i++)
        all = extent_multiply(all, nest->loop[i].extent);
    return all;
}

/* "128", "(4 * b)": a divisor. */
static const char *factor(struct function *f, struct extent extent)
{
    const char *text = function_extent(f, extent);
    bool plain = extent.rows == 0 || (extent.rows == 1 && extent.constant == 0);
    return plain ? text : arena_printf(f->emit->arena, "(%s)", text);
}

/* "const int64_t i = element / 128, j = element % 128;" */
static void add_indices(struct nest *nest, int loops, const char *index, struct code *code)
{
    struct function *f = nest->function;
    struct text line, *text = &line;
    text_init(text, f->emit->arena);
    text_puts(text, "const int64_t ");
    for (int i = 0; i < loops; i++) {
        text_printf(text, "%s%s = %s", i > 0 ? ", " : "", nest->loop[i].name, index);
        if (i + 1 < loops)
            text_printf(text, " / %s", factor(f, loops_extent(nest, i + 1, loops)));
        if (i > 0)
            text_printf(text, " %% %s", factor(f, nest->loop[i].extent));
    }
    code_line(code, "%s;", text->data);
}

/* Who shares loops: which one this is, how many there are, and what each takes of joint loops. */
struct sharing {
    const char *one, *all, *index;
};

static const struct sharing threads = {"inv_thread()", "inv_threads()", "element"};
static const struct sharing warps = {"inv_warp()", "inv_warps()", "at"};

/* Where the sum lies that updates what the function stores, as text; NULL: none does. */
static const char *gradient_text(const struct function *f)
{
    int64_t gradient = emit_group_gradient(f->emit, f->graph, f->group);
    const struct shared *shared = f->shared;
    for (int i = 0; gradient && shared && i < shared->own_count - shared->streams; i++)
        if (shared->place[i]->kind == PLACE_VARIABLE && shared->place[i]->offset == gradient)
            return arena_printf(f->emit->arena, "own.at[%d]", shared->streams + i);
    return gradient ? arena_printf(f->emit->arena, "%" PRId64, gradient) : NULL;
}

/* The head of the loop over `count` outputs, or of those that are this rank's. */
static const char *head_of(const struct function *f, const char *index, const char *count,
                           const struct sharing *by)
{
    const char *gradient = gradient_text(f);
    if (gradient)
        return arena_printf(f->emit->arena, "for (int64_t %s = inv_own_first(run, %s) + %s; "
                            "%s < inv_own_end(run, %s, %s); %s += %s)", index, gradient, by->one,
                            index, gradient, count, index, by->all);
    return arena_printf(f->emit->arena, "for (int64_t %s = %s; %s < %s; %s += %s)", index, by->one,
                        index, count, index, by->all);
}

/* Puts the first `loops` loops around the body, shared by the threads or warps of the launch. */
static void share_loops(struct nest *nest, int loops, const struct sharing *by,
                        const struct code *body, struct code *code)
{
    const char *index = loops == 1 ? nest->loop[0].name : by->index, *head;
    struct code inner;
    code_init(&inner, code->arena);
    if (loops == 0)
        head = gradient_text(nest->function)
                   ? head_of(nest->function, "one", "1", by)
                   : arena_printf(code->arena, "if (%s == 0)", by->one);
    else
        head = head_of(nest->function, index,
                       function_extent(nest->function, loops_extent(nest, 0, loops)), by);
    if (loops > 1)
        add_indices(nest, loops, index, &inner);
    code_append(&inner, body);
    code_block(code, head, &inner);
}

static void share_elements(struct nest *nest, const struct code *body, struct code *code)
{
    share_loops(nest, nest->rank, &threads, body, code);
}

/* "f32[b, 64]" of the group's last node over a space. */
static const char *space_text(const struct function *f, const struct shape *space)
{
    const struct node *last = graph_node(f->graph, f->group->node[f->group->count - 1]);
    return shape_print(f->emit->arena, last->dtype, space);
}

static void map_shape(struct function *f, const struct shape *space)
{
    f->mapping = arena_printf(f->emit->arena, "%s: %s", space_text(f, space),
                              extent_is(extent_of_all(space), 1) ? "one thread"
                                                                 : "a thread an element");
}

/* How thread number ${key} of outer * inner finds its `i` and its index in the inner extent: as
 * the line ${indices}, which is empty where the number is itself one of them. */
static void set_indices(struct function *f, const char *key, struct extent outer,
                        const char *inner_name, struct extent inner)
{
    bool pages = !extent_is(outer, 1), split = pages && !extent_is(inner, 1);
    const char *by = factor(f, inner);
    values_set(f->values, key, split ? "element" : pages ? "i" : inner_name);
    if (split)
        values_printf(f->values, "indices", "const int64_t i = element / %s, %s = element %% %s;",
                      by, inner_name, by);
    else if (pages)
        values_printf(f->values, "indices", "const int64_t %s = 0;", inner_name);
    else
        values_set(f->values, "indices", "");
}

void cuda_map_group(struct function *f)
{
    struct shape space = group_space(f);
    struct nest nest = {.guard = cuda_store_guard};
    struct code body, loops;
    code_init(&body, f->emit->arena);
    code_init(&loops, f->emit->arena);
    nest_init(&nest, f, &space, 0);
    nest_emit_flat(&nest, &loops);
    share_elements(&nest, &loops, &body);
    function_set_body(f, &body);
    map_shape(f, &space);
    struct extent all = loops_extent(&nest, 0, nest.rank);
    f->launch = nest.rank == 0 ? "1, 32, 0" : cuda_threads_for(f, all);
}

/* ---- row ---- */

static void open_rows(struct nest *nest)
{
    struct nest_loop *row = &nest->loop[nest->rank - 1];
    row->from = "inv_lane()";
    row->step = arena_printf(nest->function->emit->arena, "%s += 32", row->name);
    nest->guard = cuda_store_guard;
}

static void share_rows(struct nest *nest, const struct code *body, struct code *code)
{
    struct function *f = nest->function;
    share_loops(nest, nest->rank - 1, &warps, body, code);
    f->count = loops_extent(nest, 0, nest->rank - 1);
}

static const char *row_array(struct function *f, enum dtype dtype, const char *name,
                             int64_t length)
{
    bool shared = f->row_bytes <= ROW_SHARED;
    int64_t offset = f->row_used;
    f->row_used += (length * dtype_bytes(dtype) + ROW_ALIGN - 1) / ROW_ALIGN * ROW_ALIGN;
    return arena_printf(f->emit->arena, "%s *const %s = inv_%s_row<%s>(%s%" PRId64 ", %" PRId64
                        ");", emit_ctype(dtype), name, shared ? "shared" : "workspace",
                        emit_ctype(dtype), shared ? "" : "run, 0, ", f->row_bytes, offset);
}

static const struct row_walk row_warps = {.how = "a warp a row", .align = ROW_ALIGN,
                                          .prefix = "inv_warp_", .sync = "__syncwarp();",
                                          .open = open_rows, .wrap = share_rows,
                                          .array = row_array};

static const char *launch_in_shared(struct function *f)
{
    int64_t fitting = f->row_bytes > 0 ? ROW_SHARED / f->row_bytes : ROW_WARPS;
    int64_t warps = fitting > ROW_WARPS ? ROW_WARPS : fitting;
    return arena_printf(f->emit->arena, "inv_blocks(%s, %" PRId64 "), %" PRId64 ", %" PRId64,
                        function_extent(f, f->count), warps, 32 * warps, warps * f->row_bytes);
}

/* The workspace has room for a part of the warps only, which then take several rows. */
static const char *launch_in_workspace(struct function *f)
{
    int64_t blocks = (function_most(f, f->count) + ROW_WARPS - 1) / ROW_WARPS;
    blocks = blocks > ROW_BLOCKS ? ROW_BLOCKS : blocks;
    cuda_take_workspace(f->emit, f->row_bytes * blocks * ROW_WARPS);
    return arena_printf(f->emit->arena, "%" PRId64 ", %d, 0", blocks, 32 * ROW_WARPS);
}

void cuda_row_group(struct function *f)
{
    struct shape space = group_space(f);
    struct code body;
    code_init(&body, f->emit->arena);
    const char *how = row_emit(f, &space, &body)->how;
    assert(f->row_used == f->row_bytes);
    function_set_body(f, &body);
    f->launch = f->row_bytes > ROW_SHARED ? launch_in_workspace(f) : launch_in_shared(f);
    f->mapping = group_row_text(f, extent_is(f->count, 1) ? "one warp" : how);
}

/* ---- column ---- */

/* Chunks of rows, of which the sums are computed side by side. */
static int64_t column_chunks(const struct function *f, const struct columns *c)
{
    return sum_chunks(function_most(f, c->rows));
}

/* Few columns of many rows? */
static bool columns_are_split(const struct function *f, const struct columns *c)
{
    int64_t strips = function_most(f, c->pages) * ((function_most(f, c->columns) + 31) / 32);
    return strips < CUDA_BLOCKS / 2 && column_chunks(f, c) >= CUDA_SPLIT_CHUNKS;
}

static void set_columns(struct function *f, const struct columns *c)
{
    function_set_extent(f, "pages", c->pages);
    function_set_extent(f, "rows", c->rows);
    function_set_extent(f, "columns", c->columns);
}

/* The kernel before: the sum of each chunk of rows into the workspace. */
static void write_column_chunks(const struct function *f, const struct node *column,
                                const struct columns *c)
{
    struct function chunks = function_before(f, "chunks");
    chunks.skeleton = "templates/skeleton/column_split.cu";
    chunks.mapping = arena_printf(f->emit->arena, "%s\n * a warp 32 columns of a chunk",
                                  group_column_text(&chunks, column));
    set_columns(&chunks, c);
    group_column_values(&chunks, column, 3);
    function_finish(&chunks);
}

static void split_columns(struct function *f, const struct node *column, const struct columns *c)
{
    struct extent all = extent_multiply(c->pages, c->columns);
    cuda_take_workspace(f->emit, 4 * column_chunks(f, c) * function_most(f, all));
    write_column_chunks(f, column, c);
    values_set(f->values, "target", group_column_target(f, column));
    f->skeleton = "templates/skeleton/column_join.cu";
    f->mapping = arena_printf(f->emit->arena, "%s: a thread a column, chunks added up ascending",
                              group_column_text(f, column));
    f->launches[0] = arena_printf(f->emit->arena,
                                  "INV_LAUNCH_COLUMN_CHUNKS(run, %s_chunks, %s, %s, %s", f->name,
                                  function_extent(f, c->pages), function_extent(f, c->rows),
                                  function_extent(f, c->columns));
    f->launches[1] = arena_printf(f->emit->arena, "INV_LAUNCH(run, %s, %s", f->name,
                                  cuda_threads_for(f, all));
}

/* The kernels of one sum of the group. */
static void one_column(struct function *f, const struct node *column)
{
    struct columns c = group_columns(f, column);
    struct extent pages = c.pages, columns = c.columns;
    bool count = column->dtype == I64;
    struct extent all = extent_multiply(pages, columns);
    function_use(f, column->op);
    set_columns(f, &c);
    if (!count && columns_are_split(f, &c)) {
        split_columns(f, column, &c);
        return;
    }
    group_column_values(f, column, 3);
    values_set(f->values, "target", group_column_target(f, column));
    function_set_extent(f, "count", all);
    set_indices(f, "index", pages, "k", columns);
    f->skeleton = group_column_exact(f, column) ? "templates/skeleton/exact.cu"
                  : count                       ? "templates/skeleton/count.cu"
                                                : "templates/skeleton/column.cu";
    f->mapping = arena_printf(f->emit->arena, "%s%s", group_column_text(f, column),
                              count ? ", a warp a column" : "");
    if (count) {
        f->launch = arena_printf(f->emit->arena, "inv_blocks(%s, %d), %d, 0",
                                 function_extent(f, all), ROW_WARPS, 32 * ROW_WARPS);
        return;
    }
    f->launches[0] = arena_printf(f->emit->arena, "INV_LAUNCH_COLUMNS(run, %s, %s, %s", f->name,
                                  function_extent(f, pages), function_extent(f, columns));
}

/* Sums that share a loop on the host have kernels of their own, one after the other. */
void cuda_column_group(struct function *f)
{
    const struct node *column[GROUP_SUMS_MOST];
    const char *launches[FUNCTION_LAUNCHES] = {NULL};
    int columns = 0, count = 0;
    for (int i = 0; i < f->group->count; i++) {
        const struct node *node = graph_node(f->graph, f->group->node[i]);
        if (op_def(node->op)->class == CLASS_COLUMN)
            column[columns++] = node;
    }
    for (int i = 0; i < columns; i++) {
        struct function before = function_before(f, arena_printf(f->emit->arena, "sum_%d", i));
        struct function *one = i + 1 < columns ? &before : f;
        one_column(one, column[i]);
        if (one != f)
            function_finish(one);
        for (int k = 0; k < FUNCTION_LAUNCHES && one->launches[k]; k++)
            launches[count++] = one->launches[k];
    }
    memcpy(f->launches, launches, sizeof launches);
}

/* ---- take, scatter: one thread an output ---- */

void cuda_take_group(struct function *f)
{
    const struct node *take = group_first(f);
    struct extent c = extent_of(&take->shape, 2), all = extent_of_all(&take->shape);
    struct extent r = extent_multiply(extent_of(&take->shape, 0), extent_of(&take->shape, 1));
    group_take(f);
    set_indices(f, "element", r, "j", c);
    if (extent_is(c, 1))
        values_set(f->values, "indices", "");
    else if (extent_is(r, 1))
        values_set(f->values, "indices", "const int64_t i = 0;");
    values_set(f->values, "source",
               extent_is(c, 1) ? "at"
                               : arena_printf(f->emit->arena, "%sat + j", function_factor(f, c)));
    function_set_extent(f, "count", all);
    map_shape(f, &take->shape);
    f->skeleton = "templates/skeleton/take.cu";
    f->launch = cuda_threads_for(f, all);
}

/* What each row of a page's outputs looks at, from which on reads are sorted first. */
enum { LOOKS_MOST = 1 << 20 };

/* The storage of a scatter's result or operand, at page i. */
static const char *scatter_pointer(struct function *f, int id, bool written)
{
    const struct shape *shape = &graph_node(f->graph, id)->shape;
    const char *pointer = function_pointer(f, id, written);
    if (extent_is(extent_of(&group_first(f)->shape, 0), 1))
        return pointer;
    return function_pointer_at(f, pointer, extent_between(shape, 1, shape->rank), "i");
}

/* The kernel before: the reads of each page in the order of the rows that they point at. */
static void write_scatter_sort(const struct function *f, const struct node *scatter,
                               struct extent reads)
{
    struct function sort = function_before(f, "sort");
    sort.skeleton = "templates/skeleton/scatter_sort.cu";
    sort.mapping = "reads by the rows that they point at, then in their order; a block a page";
    function_set_extent(&sort, "pages", extent_of(&scatter->shape, 0));
    function_set_extent(&sort, "n", extent_of(&scatter->shape, 1));
    function_set_extent(&sort, "r", reads);
    values_set(sort.values, "index", scatter_pointer(&sort, scatter->operand[1], false));
    function_finish(&sort);
}

/* A kernel that sorts reads, then one in which a row of outputs finds its own side by side. */
static void sort_scatter(struct function *f, const struct node *scatter, struct extent reads)
{
    struct extent pages = extent_of(&scatter->shape, 0);
    struct extent keys = extent_multiply(reads, (struct extent){.constant = 2});
    cuda_take_workspace(f->emit, 16 * function_most(f, pages) * function_most(f, reads));
    write_scatter_sort(f, scatter, reads);
    function_use(f, scatter->op);
    function_set_extent(f, "n", extent_of(&scatter->shape, 1));
    function_set_extent(f, "r", reads);
    function_set_extent(f, "c", extent_of(&scatter->shape, 2));
    values_set(f->values, "out", scatter_pointer(f, scatter->id, true));
    values_set(f->values, "g", scatter_pointer(f, scatter->operand[0], false));
    values_set(f->values, "keys", extent_is(pages, 1) ? "" : function_pointer_at(f, "", keys, "i"));
    f->skeleton = "templates/skeleton/scatter_sorted.cu";
    f->mapping = arena_printf(f->emit->arena, "%s: a warp 32 columns of a row, its reads ascending",
                              space_text(f, &scatter->shape));
    f->launches[0] = arena_printf(f->emit->arena,
                                  "INV_LAUNCH(run, %s_sort, inv_blocks(%s, 1), INV_SORT_THREADS, 0",
                                  f->name, function_extent(f, pages));
    f->launches[1] = arena_printf(f->emit->arena, "INV_LAUNCH(run, %s, %s", f->name, f->launch);
}

void cuda_scatter_group(struct function *f)
{
    const struct node *scatter = group_first(f);
    struct extent pages = extent_of(&scatter->shape, 0), n = extent_of(&scatter->shape, 1);
    struct extent c = extent_of(&scatter->shape, 2);
    struct extent reads = extent_of(&graph_node(f->graph, scatter->operand[0])->shape, 1);
    bool paged = !extent_is(pages, 1);
    values_set(f->values, "page", paged ? "const int64_t i = part / parts;" : "");
    values_set(f->values, "part", paged ? "part % parts" : "part");
    values_set(f->values, "all_parts",
               paged ? arena_printf(f->emit->arena, "%s * parts", factor(f, pages)) : "parts");
    f->mapping = arena_printf(f->emit->arena, "%s: a warp 32 columns of a row, reads ascending",
                              space_text(f, &scatter->shape));
    f->skeleton = "templates/skeleton/scatter.cu";
    f->launch = arena_printf(f->emit->arena,
                             "inv_blocks(%s * inv_scatter_parts(%s, %s), 4), 128, 0",
                             factor(f, pages), function_extent(f, n), function_extent(f, c));
    if (function_most(f, n) * function_most(f, reads) > LOOKS_MOST)
        sort_scatter(f, scatter, reads);
    else
        group_line(f);
}

/* ---- line: one thread a column of a page ---- */

void cuda_line_group(struct function *f)
{
    const struct node *line = group_first(f);
    struct extent pages = extent_of(&line->shape, 0), c = extent_of(&line->shape, 2);
    struct extent all = extent_multiply(pages, c);
    group_line(f);
    set_indices(f, "element", pages, "k", c);
    function_set_extent(f, "count", all);
    f->mapping = arena_printf(f->emit->arena, "%s: a thread a line",
                              space_text(f, &line->shape));
    f->skeleton = "templates/skeleton/line.cu";
    f->launch = cuda_threads_for(f, all);
}

/* ---- operators of the model's own: a thread a call ---- */

void cuda_custom_group(struct function *f)
{
    group_custom(f);
    f->skeleton = "templates/skeleton/custom.cu";
    f->launch = cuda_threads_for(f, f->count);
}

/* ---- concat, pad ---- */

static void share_part(struct function *f, const struct node *whole, int operand,
                       const int64_t *start, struct code *code)
{
    struct nest nest;
    struct code line;
    code_init(&line, f->emit->arena);
    group_part_nest(&nest, f, whole, operand, start, 0);
    group_part_line(&nest, whole, operand, &line);
    share_elements(&nest, &line, code);
}

static void concat_body(struct function *f, const struct node *concat, struct code *body)
{
    group_pieces(f, concat, body, share_part);
}

/* The condition under which index i, j, .. of the padded whole is inside the operand. */
static const char *pad_inside(struct nest *nest, const struct node *pad, const struct shape *part)
{
    struct text text;
    text_init(&text, nest->function->emit->arena);
    for (int axis = 0; axis < pad->shape.rank; axis++) {
        int64_t start = pad->attr.start[axis], end = start + part->dim[axis];
        const char *name = nest->loop[axis].name;
        if (start > 0)
            text_printf(&text, "%s%s >= %" PRId64, text.size > 0 ? " && " : "", name, start);
        if (end < pad->shape.dim[axis])
            text_printf(&text, "%s%s < %" PRId64, text.size > 0 ? " && " : "", name, end);
    }
    return text.size > 0 ? text.data : "true";
}

/* How loops over the padded whole walk the operand. */
static struct access pad_access(const struct function *f, const struct node *pad)
{
    const struct shape *part = &graph_node(f->graph, pad->operand[0])->shape;
    struct access access = schedule_access(f->graph, pad->operand[0], part);
    for (int axis = 0; axis < part->rank; axis++) {
        access.offset.constant -= access.stride[axis].constant * pad->attr.start[axis];
        access.offset.rows -= access.stride[axis].rows * pad->attr.start[axis];
    }
    return access;
}

static void pad_body(struct function *f, const struct node *pad, struct code *body)
{
    const struct shape *part = &graph_node(f->graph, pad->operand[0])->shape;
    struct nest nest = {.access_count = 2};
    struct code line;
    code_init(&line, f->emit->arena);
    nest.access[0] = schedule_access(f->graph, pad->id, &pad->shape);
    nest.access[1] = pad_access(f, pad);
    nest_init(&nest, f, &pad->shape, KEEP_ALL);
    const char *inside = pad_inside(&nest, pad, part);
    const char *value = nest_read(&nest, &nest.access[1]);
    code_line(&line, "%s = %s ? %s : 0;", nest_target(&nest, pad), inside, value);
    share_elements(&nest, &line, body);
}

void cuda_move_group(struct function *f)
{
    const struct node *move = group_first(f);
    group_move(f, concat_body, pad_body);
    map_shape(f, &move->shape);
    f->launch = cuda_threads_for(f, extent_of_all(&move->shape));
}

/* ---- random, serial ---- */

static struct extent quads(struct extent elements)
{
    return (struct extent){.constant = (elements.constant + 3) / 4,
                           .rows = (elements.rows + 3) / 4};
}

/* Elements first .. first + count - 1 of a draw: first counts the rows before this shard. */
static void random_elements(struct function *f, const struct node *node)
{
    bool batch = node->shape.rows == 0;
    const char *count = function_extent(f, extent_of_all(&node->shape));
    values_set(f->values, "first_quad", batch ? "first / 4 + " : "");
    values_set(f->values, "minus_first", batch ? " - first" : "");
    values_printf(f->values, "end", "%s%s", batch ? "first + " : "", count);
    values_printf(f->values, "inside", "%si < %s", batch ? "i >= 0 && " : "", count);
    f->skeleton = "templates/skeleton/random.cu";
    f->launch = cuda_threads_for(f, quads(extent_of_all(&node->shape)));
}

static void random_samples(struct function *f, const struct node *node)
{
    struct extent row = {.constant = extent_of_all(&node->shape).rows};
    struct extent all = extent_multiply(extent_of(&node->shape, 0), quads(row));
    function_set_extent(f, "count", all);
    values_printf(f->values, "indices", "const int64_t i = at / %s, quad = at %% %s;",
                  function_extent(f, quads(row)), function_extent(f, quads(row)));
    if (extent_is(quads(row), 1))
        values_set(f->values, "indices", "const int64_t i = at, quad = 0;");
    f->skeleton = "templates/skeleton/random_sample.cu";
    f->launch = cuda_threads_for(f, all);
}

void cuda_random_group(struct function *f)
{
    const struct node *node = group_first(f);
    group_random(f);
    if (node->attr.domain == DOMAIN_SAMPLE)
        random_samples(f, node);
    else
        random_elements(f, node);
    f->mapping = arena_printf(f->emit->arena, "%s\n * a thread a counter", f->mapping);
}

void cuda_serial_group(struct function *f)
{
    group_serial(f);
    f->mapping = arena_printf(f->emit->arena, "%s: one thread",
                              space_text(f, &group_first(f)->shape));
    f->skeleton = "templates/skeleton/serial.cu";
    f->launch = "1, 32, 0";
}

/* ---- all ---- */

static void (*const groups[CLASS_COUNT])(struct function *) = {
#define NEST(class, stem, ...) [CLASS_##class] = cuda_##stem##_group,
#include "graph/classes.def"
};

/* The kernels' launches, each with what the group has for itself as a last argument. */
static const char *cuda_step(const struct function *f, const char *own, struct traced rows)
{
    struct arena *arena = f->emit->arena;
    const char *end = ")";
    (void)rows;
    if (own)
        end = arena_printf(arena, ", inv_own<%d>{{%s}})", f->shared->own_count, own);
    if (!f->launches[0])
        return arena_printf(arena, "%sINV_LAUNCH(run, %s, %s%s;", f->before ? f->before : "",
                            f->name, f->launch, end);
    struct text lines;
    text_init(&lines, arena);
    for (int i = 0; i < FUNCTION_LAUNCHES && f->launches[i]; i++)
        text_printf(&lines, "%s%s%s;", i > 0 ? "\n" : "", f->launches[i], end);
    return lines.data;
}

static void cuda_list_phase(struct emit *emit, const char *name, const char *index, int groups)
{
    if (groups == 0)
        return;
    struct values *item = values_add_item(emit->file, "phase");
    values_set(item, "phase", index);
    values_printf(item, "function", "%s_%s", emit_symbol(emit->arena, emit->program->name), name);
}

static const struct emit_target target_cuda = {
    .phase = "templates/program/cuda_phase.cu", .function = "templates/skeleton/function.cu",
    .loops = "templates/skeleton/loops.cu", .restrict_word = "__restrict__ ",
    .integer = "int64_t", .own_loops = true, .traced = true, .trace_lines = true,
    .loop_lines = true,
    .rows = &row_warps, .pointer = emit_arena_pointer, .own = "own.at", .group = groups,
    .step = cuda_step, .phase_list = "function", .list_phase = cuda_list_phase};

static void cuda_open(struct emit *emit, const struct program *program)
{
    *emit = (struct emit){.program = program, .arena = program->arena, .target = &target_cuda,
                          .file = values_new(program->arena)};
    emit_parts(emit);
    emit_tables(emit);
    values_printf(emit->file, "symbol", "%s_model_cuda",
                  emit_symbol(emit->arena, program->name));
    values_set(emit->file, "level", "\"cuda\"");
    struct values *device = values_add_item(emit->file, "device");
    values_set(device, "type", "inv_cuda");
    values_printf(device, "workspace_bytes", "%" PRId64, emit->workspace);
    values_set(device, "library", program->library_kernels ? "&inv_cublaslt_mode" : "NULL");
}

void emit_cuda(const struct program *program, struct text *out)
{
    struct emit emit;
    cuda_open(&emit, program);
    template_render("templates/program/cuda_model.cu", emit.file, &out[0]);
    template_render("templates/program/operators.c", emit.file, &out[0]);
    template_render("templates/program/cuda_tables.c", emit.file, &out[1]);
    template_render("templates/program/tables.c", emit.file, &out[1]);
}
