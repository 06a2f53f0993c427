/* Operators that work element by element, reduce axes or run along one. */
#include <string.h>
#include "lower/builtin.h"

struct value call_map(struct lower *l, struct frame *frame, const struct builtin *b,
                      struct arguments *a, const char *path, struct span span)
{
    ARGUMENTS(1);
    return value_unary(l, b->op, v[0], span);
}

static bool is_whole(struct lower *l, struct value v)
{
    int64_t whole;
    return v.kind == V_NUMBER ? value_whole(v, &whole)
                              : v.kind == V_TENSOR && value_node(l, v)->dtype == I32;
}

struct value call_select(struct lower *l, struct frame *frame, const struct builtin *b,
                         struct arguments *a, const char *path, struct span span)
{
    ARGUMENTS(3);
    if (v[0].kind == V_BOOL)
        return v[0].number != 0 ? v[1] : v[2];
    if (v[0].kind != V_TENSOR || value_node(l, v[0])->dtype != BOOL) {
        lower_error(l, frame, v[0].span, "'select' chooses by a bool, not %s",
                    value_describe(l, v[0]));
        return value_error();
    }
    bool whole =
        is_whole(l, v[1]) && is_whole(l, v[2]) && (v[1].kind == V_TENSOR || v[2].kind == V_TENSOR);
    int64_t classes = v[1].classes == v[2].classes ? v[1].classes : 0;
    for (int i = 1; i < 3; i++)
        v[i] = whole ? value_to_whole(l, v[i]) : value_to_f32(l, v[i]);
    struct value out = value_map(l, OP_SELECT, 3, v, span);
    out.classes = out.kind == V_TENSOR && whole ? classes : 0;
    return out;
}

struct value call_to_int(struct lower *l, struct frame *frame, const struct builtin *b,
                         struct arguments *a, const char *path, struct span span)
{
    ARGUMENTS(1);
    v[0] = value_to_tensor(l, v[0]);
    if (v[0].kind == V_TENSOR)
        v[0].node = graph_to(l->graph, I32, v[0].node);
    v[0].classes = 0;
    return v[0];
}

struct value call_to_float(struct lower *l, struct frame *frame, const struct builtin *b,
                           struct arguments *a, const char *path, struct span span)
{
    ARGUMENTS(1);
    v[0].classes = 0;
    return value_to_f32(l, v[0]);
}

static bool axes_mask(struct lower *l, struct frame *frame, struct value v, int rank,
                      uint32_t *mask)
{
    int axis, last;
    *mask = 0;
    if (v.kind == V_RANGE) {
        if (!builtin_axis(l, frame, v.item[0], rank, &axis)
            || !builtin_axis(l, frame, v.item[1], rank, &last))
            return false;
        for (; axis <= last; axis++)
            *mask |= 1u << axis;
        return true;
    }
    int count = v.kind == V_LIST ? v.count : 1;
    for (int i = 0; i < count; i++) {
        if (!builtin_axis(l, frame, v.kind == V_LIST ? v.item[i] : v, rank, &axis))
            return false;
        *mask |= 1u << axis;
    }
    return true;
}

typedef int reduction(struct graph *, int, uint32_t);

static reduction *reduction_of(const char *name)
{
    return !strcmp(name, "sum") ? graph_sum : !strcmp(name, "mean") ? graph_mean
           : !strcmp(name, "max") ? graph_max : graph_min;
}

/* Over all axes of the row: a scalar. */
static struct value reduce_all(struct lower *l, reduction *reduce, struct value x, struct span span)
{
    int rank = value_rank(l, x);
    uint32_t mask = ((1u << rank) - 1) << x.per_row;
    if (rank == 0)
        return x;
    struct value out = value_tensor(l, reduce(l->graph, x.node, mask), x.per_row, span);
    return value_reshape(l, out, 0, NULL);
}

/* Over the rows and every axis but one: a shared value with that axis. */
static struct value reduce_keep(struct lower *l, struct frame *frame, reduction *reduce,
                                struct value x, struct value keep, struct span span)
{
    int axis, rank = value_rank(l, x);
    if (!builtin_axis(l, frame, keep, rank, &axis))
        return value_error();
    int64_t dim = value_dim(l, x, axis);
    uint32_t mask = ((1u << (rank + x.per_row)) - 1) & ~(1u << (axis + x.per_row));
    struct value out = value_tensor(l, mask ? reduce(l->graph, x.node, mask) : x.node, false, span);
    struct shape shape = shape_of(1, -1, &dim);
    out.node = graph_reshape(l->graph, out.node, &shape);
    return out;
}

struct value call_reduce(struct lower *l, struct frame *frame, const struct builtin *b,
                         struct arguments *a, const char *path, struct span span)
{
    uint32_t mask;
    ARGUMENTS(3);
    struct value x = value_to_f32(l, v[0]);
    if (x.kind == V_ERROR)
        return x;
    if (given[1] && given[2]) {
        lower_error(l, frame, span, "'axis' and 'keep' exclude each other");
        return value_error();
    }
    if (given[2])
        return reduce_keep(l, frame, reduction_of(b->name), x, v[2], span);
    if (!given[1])
        return reduce_all(l, reduction_of(b->name), x, span);
    if (!axes_mask(l, frame, v[1], value_rank(l, x), &mask))
        return value_error();
    return value_tensor(l, reduction_of(b->name)(l->graph, x.node, mask << x.per_row), x.per_row,
                        span);
}

/* min and max: of two values element by element, or a reduction. */
struct value call_extreme(struct lower *l, struct frame *frame, const struct builtin *b,
                          struct arguments *a, const char *path, struct span span)
{
    bool max = !strcmp(b->name, "max");
    struct value v[2];
    if (a->count != 2 || a->name[0] || a->name[1])
        return call_reduce(l, frame, b, a, path, span);
    if (a->item[0].kind == V_NUMBER && a->item[1].kind == V_NUMBER) {
        double x = a->item[0].number, y = a->item[1].number;
        return value_number(max ? (x > y ? x : y) : x < y ? x : y, span);
    }
    v[0] = value_to_f32(l, a->item[0]);
    v[1] = value_to_f32(l, a->item[1]);
    return value_map(l, max ? OP_MAX : OP_MIN, 2, v, span);
}

struct value call_argmax(struct lower *l, struct frame *frame, const struct builtin *b,
                         struct arguments *a, const char *path, struct span span)
{
    int axis, rank, kept = 0;
    int64_t dim[RANK_MAX];
    ARGUMENTS(2);
    struct value x = value_to_f32(l, v[0]);
    if (x.kind == V_ERROR)
        return x;
    rank = value_rank(l, x);
    if (!builtin_axis(l, frame, given[1] ? v[1] : value_number(-1, span), rank, &axis))
        return value_error();
    for (int i = 0; i < rank; i++)
        if (i != axis)
            dim[kept++] = value_dim(l, x, i);
    struct value out =
        value_tensor(l, graph_argmax(l->graph, x.node, 1u << (axis + x.per_row)), x.per_row, span);
    out = value_reshape(l, out, kept, dim);
    out.classes = value_dim(l, x, axis);
    return out;
}

/* One or two values of one shape, then axis = -1, and whether from the other end = false. */
struct value call_line(struct lower *l, struct frame *frame, const struct builtin *b,
                       struct arguments *a, const char *path, struct span span)
{
    int axis, node[2], count = op_def(b->op)->operands;
    bool reverse = false;
    ARGUMENTS(4);
    for (int i = 0; i < count; i++)
        if ((v[i] = value_to_f32(l, v[i])).kind == V_ERROR)
            return v[i];
    const struct value *at = &v[count], *back = at + 1;
    if (!values_alike(l, v[0], v[count - 1], -1)) {
        diag_help(lower_error(l, frame, span, "'%s' takes values of one shape, not %s and %s",
                              b->name, value_describe(l, v[0]), value_describe(l, v[1])),
                  "broadcast(a, dims(x)) gives a the shape of x");
        return value_error();
    }
    if ((given[count + 1] && !builtin_flag(l, frame, *back, b->formals[count + 1], &reverse)) ||
        !builtin_axis(l, frame, given[count] ? *at : value_number(-1, span), value_rank(l, v[0]),
                      &axis))
        return value_error();
    bool per_row = values_spread(l, count, v);
    for (int i = 0; i < count; i++)
        node[i] = v[i].node;
    int line = graph_line(l->graph, b->op, count, node, axis + per_row, reverse);
    struct value out = value_tensor(l, line, per_row, span);
    out.classes = value_node(l, out)->dtype == I32 ? value_dim(l, v[0], axis) : 0;
    return out;
}
