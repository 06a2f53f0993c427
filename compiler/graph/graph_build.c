/* Builders: one operator each, or the canonical form that several make together. */
#include "graph/graph.h"

#include <assert.h>
#include <math.h>
#include "graph/op.h"
#include "graph/program.h"

/* ---- sources ---- */

int graph_const(struct graph *graph, float value)
{
    struct shape scalar = shape_scalar();
    return graph_fill(graph, value, &scalar);
}

int graph_const_whole(struct graph *graph, enum dtype dtype, int64_t value)
{
    struct shape scalar = shape_scalar();
    struct attr attr = {.whole = value};
    return graph_add_shaped(graph, OP_CONST, 0, NULL, &attr, dtype, &scalar);
}

int graph_fill(struct graph *graph, float value, const struct shape *shape)
{
    struct attr attr = {.value = value};
    return graph_add_shaped(graph, OP_CONST, 0, NULL, &attr, F32, shape);
}

int graph_read(struct graph *graph, int variable)
{
    struct attr attr = {.variable = variable};
    return graph_add(graph, OP_READ, 0, NULL, &attr);
}

int graph_store(struct graph *graph, int variable, int value)
{
    struct attr attr = {.variable = variable};
    if (variable_lasts(program_variable(graph->program, variable)))
        value = graph_flush(graph, value);
    return graph_add(graph, OP_STORE, 1, &value, &attr);
}

static int add_position(struct graph *graph, const struct shape *shape, int axis)
{
    struct attr attr = {.axis = axis};
    return graph_add_shaped(graph, OP_POSITION, 0, NULL, &attr, I32, shape);
}

/* ---- maps ---- */

int graph_unary(struct graph *graph, enum op op, int a)
{
    return graph_add(graph, op, 1, &a, NULL);
}

int graph_binary(struct graph *graph, enum op op, int a, int b)
{
    return graph_add(graph, op, 2, (int[]){a, b}, NULL);
}

/* Seen through so many reshapes and concats. */
static bool is_flushed(const struct graph *graph, int a, int depth)
{
    const struct node *n = graph_node(graph, a);
    if (n->op == OP_CONST)
        return !n->attr.list && (fabsf(n->attr.value) >= 0x1p-126f
                                 || (n->attr.value == 0 && !signbit(n->attr.value)));
    bool all = (n->op == OP_RESHAPE || n->op == OP_CONCAT) && depth > 0;
    for (int i = 0; all && i < n->count; i++)
        all = is_flushed(graph, n->operand[i], depth - 1);
    return n->op == OP_FLUSH || all;
}

int graph_flush(struct graph *graph, int a)
{
    return is_flushed(graph, a, 2) ? a : graph_unary(graph, OP_FLUSH, a);
}

int graph_select(struct graph *graph, int condition, int a, int b)
{
    return graph_add(graph, OP_SELECT, 3, (int[]){condition, a, b}, NULL);
}

int graph_to(struct graph *graph, enum dtype dtype, int a)
{
    enum dtype from = graph_node(graph, a)->dtype;
    if (from == dtype)
        return a;
    if (dtype == F32)
        return graph_unary(graph, OP_TO_F32, a);
    if (dtype == I32)
        return graph_unary(graph, OP_TO_I32, a);
    if (dtype == I64)
        return graph_count_true(graph, from == F32 ? graph_to(graph, I32, a) : a, 0);
    int zero = from == F32 ? graph_const(graph, 0.0f) : graph_const_whole(graph, from, 0);
    return graph_binary(graph, OP_NE, a, zero);
}

int graph_one_hot(struct graph *graph, int index, int64_t k)
{
    struct shape column = graph_node(graph, index)->shape;
    assert(column.rank < RANK_MAX);
    column.dim[column.rank++] = 1;
    struct shape whole = column;
    whole.dim[whole.rank - 1] = k;
    int position = add_position(graph, &whole, whole.rank - 1);
    return graph_binary(graph, OP_EQ, position, graph_reshape(graph, index, &column));
}

/* ---- views and moves ---- */

int graph_reshape(struct graph *graph, int x, const struct shape *shape)
{
    const struct node *n = graph_node(graph, x);
    if (shape_equal(&n->shape, shape))
        return x;
    return graph_add_shaped(graph, OP_RESHAPE, 1, &x, NULL, n->dtype, shape);
}

int graph_transpose(struct graph *graph, int x, const int *perm)
{
    int64_t axes[RANK_MAX] = {0};
    struct attr attr = {.perm = axes};
    bool identity = true;
    for (int i = 0; i < graph_node(graph, x)->shape.rank; i++) {
        axes[i] = perm[i];
        identity = identity && perm[i] == i;
    }
    return identity ? x : graph_add(graph, OP_TRANSPOSE, 1, &x, &attr);
}

static int add_started(struct graph *graph, enum op op, int x, const int64_t *start,
                       const struct shape *shape)
{
    const struct node *n = graph_node(graph, x);
    if (shape_equal(&n->shape, shape))
        return x;
    struct attr attr = {.start = start};
    return graph_add_shaped(graph, op, 1, &x, &attr, n->dtype, shape);
}

int graph_slice(struct graph *graph, int x, const int64_t *start, const struct shape *shape)
{
    return add_started(graph, OP_SLICE, x, start, shape);
}

int graph_pad(struct graph *graph, int x, const int64_t *start, const struct shape *shape)
{
    return add_started(graph, OP_PAD, x, start, shape);
}

int graph_concat(struct graph *graph, int count, const int *x, int axis)
{
    struct attr attr = {.axis = axis};
    return count == 1 ? x[0] : graph_add(graph, OP_CONCAT, count, x, &attr);
}

int graph_broadcast(struct graph *graph, int x, const struct shape *shape)
{
    const struct node *n = graph_node(graph, x);
    if (shape_equal(&n->shape, shape))
        return x;
    return graph_add_shaped(graph, OP_BROADCAST, 1, &x, NULL, n->dtype, shape);
}

/* ---- reductions ---- */

static void shape_append(struct shape *shape, int64_t dim, bool rows)
{
    assert(shape->rank < RANK_MAX && (!rows || shape->rows < 0));
    if (rows)
        shape->rows = shape->rank;
    shape->dim[shape->rank++] = dim;
}

/* One axis for axes first..last-1 of s, appended to out. */
static void append_merged(struct shape *out, const struct shape *s, int first, int last)
{
    int64_t dim = 1;
    for (int i = first; i < last; i++)
        dim *= s->dim[i];
    shape_append(out, dim, s->rows >= first && s->rows < last);
}

static bool reduced(uint32_t axes, int axis)
{
    return axes >> axis & 1;
}

static struct shape kept_shape(const struct shape *s, uint32_t axes)
{
    struct shape kept = shape_scalar();
    for (int i = 0; i < s->rank; i++)
        shape_append(&kept, reduced(axes, i) ? 1 : s->dim[i], i == s->rows && !reduced(axes, i));
    return kept;
}

/* First axis of the maximal suffix of reduced axes; the rank where the last one is kept. */
static int suffix_start(const struct shape *s, uint32_t axes)
{
    int start = s->rank;
    while (start > 0 && reduced(axes, start - 1))
        start--;
    return start;
}

/* Brings axes to [a, r, c]: a the kept axes before the first reduced one, r the reduced, c the
 * other kept ones, each row-major. */
static int to_column_form(struct graph *graph, int x, uint32_t axes)
{
    int perm[RANK_MAX] = {0}, rank = graph_node(graph, x)->shape.rank, count = 0, first = 0;
    while (first < rank && !reduced(axes, first))
        perm[count++] = first++;
    for (int i = first; i < rank; i++)
        if (reduced(axes, i))
            perm[count++] = i;
    int last = count;
    for (int i = first; i < rank; i++)
        if (!reduced(axes, i))
            perm[count++] = i;
    x = graph_transpose(graph, x, perm);
    struct shape s = graph_node(graph, x)->shape, form = shape_scalar();
    append_merged(&form, &s, 0, first);
    append_merged(&form, &s, first, last);
    append_merged(&form, &s, last, rank);
    return graph_reshape(graph, x, &form);
}

/* Brings axes to [kept.., n], the reduced ones joined in n. */
static int to_row_form(struct graph *graph, int x, uint32_t axes)
{
    int perm[RANK_MAX] = {0}, rank = graph_node(graph, x)->shape.rank, kept = 0;
    for (int i = 0; i < rank; i++)
        if (!reduced(axes, i))
            perm[kept++] = i;
    for (int i = 0, at = kept; i < rank; i++)
        if (reduced(axes, i))
            perm[at++] = i;
    x = graph_transpose(graph, x, perm);
    struct shape s = graph_node(graph, x)->shape, form = shape_scalar();
    for (int i = 0; i < kept; i++)
        shape_append(&form, s.dim[i], i == s.rows);
    append_merged(&form, &s, kept, rank);
    return graph_reshape(graph, x, &form);
}

/* Do views lie between the elements and their order, which a reshape would have to copy? */
static bool is_windowed(const struct graph *graph, int x)
{
    const struct node *n = graph_node(graph, x);
    while (n->op == OP_TRANSPOSE)
        n = graph_node(graph, n->operand[0]);
    return n->op == OP_WINDOW || n->op == OP_UNWINDOW;
}

/* Is there no kept axis between reduced ones? */
static bool side_by_side(uint32_t axes)
{
    while (axes && !(axes & 1))
        axes >>= 1;
    return (axes & (axes + 1)) == 0;
}

static int reduce(struct graph *graph, enum op op, int x, uint32_t axes, bool row)
{
    struct shape result = kept_shape(&graph_node(graph, x)->shape, axes);
    struct attr attr = {.over = (int)axes};
    if (!row && is_windowed(graph, x) && side_by_side(axes))
        return graph_add(graph, op, 1, &x, &attr);
    x = row ? to_row_form(graph, x, axes) : to_column_form(graph, x, axes);
    return graph_reshape(graph, graph_unary(graph, op, x), &result);
}

/* The row sum over the reduced suffix, then the column sum over what remains (NUMERICS 3.4 and
 * 3.5).  Axes of declared extent 1 are summed like any other. */
int graph_sum(struct graph *graph, int x, uint32_t axes)
{
    const struct shape *s = &graph_node(graph, x)->shape;
    axes &= (1u << s->rank) - 1;
    uint32_t suffix = axes & ~((1u << suffix_start(s, axes)) - 1);
    if (suffix)
        x = reduce(graph, OP_ROW_SUM, x, suffix, true);
    if (axes & ~suffix)
        x = reduce(graph, OP_COLUMN_SUM, x, axes & ~suffix, false);
    return x;
}

/* The number of elements reduced, as f32: a constant, or rows * constant, which is rounded once
 * where rows < 2^24; as whole numbers of 32 bits it would wrap. */
static int reduced_count(struct graph *graph, const struct shape *s, uint32_t axes)
{
    int64_t dim = 1;
    for (int i = 0; i < s->rank; i++)
        if (reduced(axes, i))
            dim *= s->dim[i];
    if (s->rows < 0 || !reduced(axes, s->rows))
        return graph_const(graph, (float)dim);
    struct attr attr = {.step_value = VALUE_ROWS};
    int rows = graph_to(graph, F32, graph_add(graph, OP_STEP_VALUE, 0, NULL, &attr));
    return dim == 1 ? rows : graph_binary(graph, OP_MUL, rows, graph_const(graph, (float)dim));
}

int graph_mean(struct graph *graph, int x, uint32_t axes)
{
    struct shape s = graph_node(graph, x)->shape;
    int sum = graph_sum(graph, x, axes);
    return graph_binary(graph, OP_DIV, sum, reduced_count(graph, &s, axes));
}

static int reduce_row(struct graph *graph, enum op op, int x, uint32_t axes)
{
    axes &= (1u << graph_node(graph, x)->shape.rank) - 1;
    return axes || op == OP_ROW_ARGMAX ? reduce(graph, op, x, axes, true) : x;
}

int graph_max(struct graph *graph, int x, uint32_t axes)
{
    return reduce_row(graph, OP_ROW_MAX, x, axes);
}

int graph_min(struct graph *graph, int x, uint32_t axes)
{
    return reduce_row(graph, OP_ROW_MIN, x, axes);
}

int graph_argmax(struct graph *graph, int x, uint32_t axes)
{
    return reduce_row(graph, OP_ROW_ARGMAX, x, axes);
}

int graph_count_true(struct graph *graph, int x, uint32_t axes)
{
    axes &= (1u << graph_node(graph, x)->shape.rank) - 1;
    return reduce(graph, OP_COLUMN_COUNT, x, axes, false);
}

/* As [1, the leading axes, the others] */
static int to_leading_form(struct graph *graph, int x, int lead)
{
    struct shape s = graph_node(graph, x)->shape, form = shape_scalar();
    shape_append(&form, 1, false);
    append_merged(&form, &s, 0, lead);
    append_merged(&form, &s, lead, s.rank);
    return graph_reshape(graph, x, &form);
}

/* digits [1, words, c] as [words, the axes of x after the leading ones] */
static int digits_of(struct graph *graph, int digits, int x, int lead)
{
    struct shape s = graph_node(graph, x)->shape, shape = shape_scalar();
    shape_append(&shape, graph_node(graph, digits)->shape.dim[1], false);
    for (int i = lead; i < s.rank; i++)
        shape_append(&shape, s.dim[i], false);
    return graph_reshape(graph, digits, &shape);
}

int graph_sum_exact(struct graph *graph, int x, int lead)
{
    int digits = graph_unary(graph, OP_COLUMN_EXACT, to_leading_form(graph, x, lead));
    return digits_of(graph, digits, x, lead);
}

int graph_spread_exact(struct graph *graph, int x, int w, int lead)
{
    int operand[] = {to_leading_form(graph, x, lead), -1};
    if (w >= 0) {
        w = graph_broadcast(graph, w, &graph_node(graph, x)->shape);
        operand[1] = to_leading_form(graph, w, lead);
    }
    int digits = graph_add(graph, OP_COLUMN_SPREAD, w < 0 ? 1 : 2, operand, NULL);
    return digits_of(graph, digits, x, lead);
}

int graph_unbroadcast(struct graph *graph, int x, const struct shape *shape)
{
    struct shape s = graph_node(graph, x)->shape;
    int missing = s.rank - shape->rank;
    uint32_t axes = 0;
    assert(missing >= 0);
    for (int i = 0; i < s.rank; i++) {
        bool one = i < missing || (shape->dim[i - missing] == 1 && shape->rows != i - missing);
        if (i < missing || (one && (s.dim[i] != 1 || s.rows == i)))
            axes |= 1u << i;
    }
    return graph_reshape(graph, axes ? graph_sum(graph, x, axes) : x, shape);
}

/* ---- contraction and indexed reads ---- */

/* [L.., r, c] -> [l, r, c], or [l*r, c] where `rows_too`. */
static int merge_leading(struct graph *graph, int x, bool rows_too)
{
    struct shape s = graph_node(graph, x)->shape, out = shape_scalar();
    int last = s.rank - (rows_too ? 1 : 2);
    append_merged(&out, &s, 0, last);
    for (int i = last; i < s.rank; i++)
        shape_append(&out, s.dim[i], i == s.rows);
    return graph_reshape(graph, x, &out);
}

/* [l.., m, n] for [l.., m, k] by [l.., k, n], where one of them may have no l. */
static struct shape matmul_shape(const struct shape *a, const struct shape *b)
{
    const struct shape *lead = a->rank > 2 ? a : b;
    struct shape result = shape_scalar();
    for (int i = 0; i < lead->rank - 2; i++)
        shape_append(&result, lead->dim[i], i == lead->rows);
    shape_append(&result, a->dim[a->rank - 2], a->rows == a->rank - 2);
    shape_append(&result, b->dim[b->rank - 1], b->rows == b->rank - 1);
    return result;
}

int graph_matmul(struct graph *graph, int a, int b)
{
    struct shape sa = graph_node(graph, a)->shape, sb = graph_node(graph, b)->shape;
    assert(sa.rank >= 2 && sb.rank >= 2);
    struct shape result = matmul_shape(&sa, &sb);
    if (sa.rank > 2)
        a = merge_leading(graph, a, sb.rank == 2);
    if (sb.rank > 2)
        b = merge_leading(graph, b, false);
    return graph_reshape(graph, graph_binary(graph, OP_MATMUL, a, b), &result);
}

int graph_take(struct graph *graph, int x, int index)
{
    return graph_binary(graph, OP_TAKE, x, index);
}

int graph_segment(struct graph *graph, enum op op, int x, int index, int64_t n)
{
    struct shape shape = graph_node(graph, x)->shape;
    enum dtype dtype = op == OP_SCATTER_ADD ? F32 : I32;
    assert(shape.rank == 3);
    shape.dim[1] = n;
    if (shape.rows == 1)
        shape.rows = -1;
    return graph_add_shaped(graph, op, 2, (int[]){x, index}, NULL, dtype, &shape);
}

/* ---- loops ---- */

int graph_add_loop(struct graph *graph, int64_t turns, bool reverse, int outer)
{
    assert(turns >= 1 && outer < graph->loop_count);
    ARENA_PUSH(graph->program->arena, graph->loop, graph->loop_count, graph->loop_room) =
        (struct loop){turns, reverse, outer, graph->span, graph->call};
    return graph->loop_count - 1;
}

static int add_of_loop(struct graph *graph, enum op op, int loop, int count, const int *x)
{
    struct attr attr = {.loop = loop};
    return graph_add(graph, op, count, x, &attr);
}

int graph_turn(struct graph *graph, int loop, int x)
{
    return add_of_loop(graph, OP_TURN, loop, 1, &x);
}

int graph_carry(struct graph *graph, int loop, int init)
{
    return add_of_loop(graph, OP_CARRY, loop, 1, &init);
}

int graph_keep(struct graph *graph, int value, int carry)
{
    const struct node *n = graph_node(graph, carry);
    value = graph_broadcast(graph, value, &n->shape);
    return add_of_loop(graph, OP_KEEP, n->attr.loop, 2, (int[]){value, carry});
}

int graph_stack(struct graph *graph, int loop, int value)
{
    return add_of_loop(graph, OP_STACK, loop, 1, &value);
}

int graph_last(struct graph *graph, int keep)
{
    return add_of_loop(graph, OP_LAST, graph_node(graph, keep)->attr.loop, 1, &keep);
}

/* ---- lines ---- */

enum { LINE_OPERANDS = 2 };

int graph_line(struct graph *graph, enum op op, int count, const int *x, int axis, bool reverse)
{
    struct shape s = graph_node(graph, x[0])->shape, form = shape_scalar();
    struct attr attr = {.reverse = reverse};
    int line[LINE_OPERANDS];
    assert(count <= LINE_OPERANDS && axis != s.rows);
    append_merged(&form, &s, 0, axis);
    append_merged(&form, &s, axis, axis + 1);
    append_merged(&form, &s, axis + 1, s.rank);
    for (int i = 0; i < count; i++)
        line[i] = graph_reshape(graph, x[i], &form);
    return graph_reshape(graph, graph_add(graph, op, count, line, &attr), &s);
}
