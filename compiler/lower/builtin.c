/* The operators and values that the language has built in; everything else is a library block. */
#include <assert.h>
#include <math.h>
#include <string.h>
#include "graph/contraction.h"
#include "lower/lower.h"

enum { FORMALS_MAX = 8 };

struct builtin {
    const char *name;
    int least, most;                    /* arguments, named ones included */
    enum op op;                         /* for those that map one value */
    struct value (*call)(struct lower *, struct frame *, const struct builtin *, struct arguments *,
                         const char *path, struct span);
    const char *formals[FORMALS_MAX];
};

/* ---- arguments ---- */
/* Puts named arguments where they belong; false and an error where one is unknown. */
static bool arrange(struct lower *l, struct frame *frame, const struct builtin *b,
                    struct arguments *a, struct value *out, bool *given, struct span span)
{
    int next = 0, most = 0;
    while (most < FORMALS_MAX && b->formals[most])
        most++;
    for (int i = 0; i < a->count; i++) {
        int at = next;
        if (a->name[i]) {
            for (at = 0; at < most && strcmp(b->formals[at], a->name[i]);)
                at++;
            if (at == most) {
                struct diag *d = lower_error(l, frame, a->ast[i]->name_span,
                                             "'%s' has no argument '%s'", b->name, a->name[i]);
                const char *near = diag_nearest(a->name[i], b->formals, most);
                if (near)
                    diag_help(d, "did you mean '%s'?", near);
                return false;
            }
        } else {
            next++;
        }
        if (at >= most || given[at]) {
            struct span place = a->ast[i] ? a->ast[i]->span : span;
            if (at >= most)
                lower_error(l, frame, place, "'%s' takes %d argument%s, and this is one more",
                            b->name, most, most == 1 ? "" : "s");
            else
                lower_error(l, frame, place, "argument '%s' of '%s' is given twice", b->formals[at],
                            b->name);
            return false;
        }
        out[at] = a->item[i];
        given[at] = true;
    }
    for (int i = 0; i < b->least; i++)
        if (!given[i]) {
            lower_error(l, frame, span, "'%s' needs argument '%s'", b->name, b->formals[i]);
            return false;
        }
    return true;
}

#define ARGUMENTS(count)                                                     \
    struct value v[FORMALS_MAX] = {{0}};                                     \
    bool given[FORMALS_MAX] = {false};                                       \
    (void)path;                                                              \
    if (!arrange(l, frame, b, a, v, given, span))                            \
        return value_error();                                                \
    static_assert((count) <= FORMALS_MAX, "formals")

static bool list_dims(struct lower *l, struct frame *frame, struct value list, int *rank,
                      int64_t *dim)
{
    if (list.kind == V_ERROR)
        return false;
    bool good = list.kind == V_LIST && list.count <= RANK_MAX - 1;
    *rank = list.count;
    for (int i = 0; good && i < list.count; i++)
        good = value_whole(list.item[i], &dim[i]) && dim[i] >= 1;
    if (good && !dims_fit(*rank, dim)) {
        lower_error(l, frame, list.span, "more than 2147483647 elements");
        return false;
    }
    if (!good)
        lower_error(l, frame, list.span,
                    "a shape is a list of at most %d whole numbers above 0: [2, 3]", RANK_MAX - 1);
    return good;
}

static bool axis_of(struct lower *l, struct frame *frame, struct value v, int rank, int *axis)
{
    int64_t whole;
    if (!value_whole(v, &whole) || whole < -rank || whole >= rank) {
        struct diag *d = v.kind == V_NUMBER
                             ? lower_error(l, frame, v.span, "there is no axis %.9g here", v.number)
                             : lower_error(l, frame, v.span,
                                           "an axis is a whole number known at "
                                           "compile time, not %s",
                                           value_describe(l, v));
        if (rank > 0)
            diag_help(d, "axes run from 0 to %d, or from -%d to -1 from the end", rank - 1, rank);
        else
            diag_help(d, "this value has no axes: it is one number");
        return false;
    }
    *axis = (int)(whole < 0 ? whole + rank : whole);
    return true;
}

/* ---- elementwise ---- */
static struct value call_map(struct lower *l, struct frame *frame, const struct builtin *b,
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

static struct value call_select(struct lower *l, struct frame *frame, const struct builtin *b,
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

static struct value call_to_int(struct lower *l, struct frame *frame, const struct builtin *b,
                                struct arguments *a, const char *path, struct span span)
{
    ARGUMENTS(1);
    v[0] = value_to_tensor(l, v[0]);
    if (v[0].kind == V_TENSOR)
        v[0].node = graph_to(l->graph, I32, v[0].node);
    v[0].classes = 0;
    return v[0];
}

static struct value call_to_float(struct lower *l, struct frame *frame, const struct builtin *b,
                                  struct arguments *a, const char *path, struct span span)
{
    ARGUMENTS(1);
    v[0].classes = 0;
    return value_to_f32(l, v[0]);
}

/* ---- reductions ---- */
static bool axes_mask(struct lower *l, struct frame *frame, struct value v, int rank,
                      uint32_t *mask)
{
    int axis, last;
    *mask = 0;
    if (v.kind == V_RANGE) {
        if (!axis_of(l, frame, v.item[0], rank, &axis)
            || !axis_of(l, frame, v.item[1], rank, &last))
            return false;
        for (; axis <= last; axis++)
            *mask |= 1u << axis;
        return true;
    }
    int count = v.kind == V_LIST ? v.count : 1;
    for (int i = 0; i < count; i++) {
        if (!axis_of(l, frame, v.kind == V_LIST ? v.item[i] : v, rank, &axis))
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
    if (!axis_of(l, frame, keep, rank, &axis))
        return value_error();
    int64_t dim = value_dim(l, x, axis);
    uint32_t mask = ((1u << (rank + x.per_row)) - 1) & ~(1u << (axis + x.per_row));
    struct value out = value_tensor(l, mask ? reduce(l->graph, x.node, mask) : x.node, false, span);
    struct shape shape = shape_of(1, -1, &dim);
    out.node = graph_reshape(l->graph, out.node, &shape);
    return out;
}

static struct value call_reduce(struct lower *l, struct frame *frame, const struct builtin *b,
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
static struct value call_extreme(struct lower *l, struct frame *frame, const struct builtin *b,
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

static struct value call_argmax(struct lower *l, struct frame *frame, const struct builtin *b,
                                struct arguments *a, const char *path, struct span span)
{
    int axis, rank, kept = 0;
    int64_t dim[RANK_MAX];
    ARGUMENTS(2);
    struct value x = value_to_f32(l, v[0]);
    if (x.kind == V_ERROR)
        return x;
    rank = value_rank(l, x);
    if (!axis_of(l, frame, given[1] ? v[1] : value_number(-1, span), rank, &axis))
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

/* ---- shapes ---- */
static int64_t row_elements(struct lower *l, struct value v)
{
    int64_t n = 1;
    for (int i = 0; i < value_rank(l, v); i++)
        n *= value_dim(l, v, i);
    return n;
}

static struct value call_reshape(struct lower *l, struct frame *frame, const struct builtin *b,
                                 struct arguments *a, const char *path, struct span span)
{
    int rank;
    int64_t dim[RANK_MAX], n = 1;
    ARGUMENTS(2);
    v[0] = value_to_tensor(l, v[0]);
    if (v[0].kind == V_ERROR || !list_dims(l, frame, v[1], &rank, dim))
        return value_error();
    for (int i = 0; i < rank; i++)
        n *= dim[i];
    if (n != row_elements(l, v[0])) {
        struct diag *d =
            lower_error(l, frame, span, "%s has %lld elements, and the new shape %lld",
                        value_describe(l, v[0]), (long long)row_elements(l, v[0]), (long long)n);
        diag_note(d, value_node(l, v[0])->span, "%s comes from here", value_describe(l, v[0]));
        return value_error();
    }
    return value_reshape(l, v[0], rank, dim);
}

static struct value call_transpose(struct lower *l, struct frame *frame, const struct builtin *b,
                                   struct arguments *a, const char *path, struct span span)
{
    int perm[RANK_MAX] = {0}, seen = 0, axis;
    ARGUMENTS(2);
    struct value x = value_to_tensor(l, v[0]);
    if (x.kind == V_ERROR)
        return x;
    int rank = value_rank(l, x);
    if (v[1].kind != V_LIST || v[1].count != rank) {
        lower_error(l, frame, span,
                    "'transpose' of %s takes a list of its %d axes in their new order",
                    value_describe(l, x), rank);
        return value_error();
    }
    for (int i = 0; i < rank; i++) {
        if (!axis_of(l, frame, v[1].item[i], rank, &axis))
            return value_error();
        perm[i + x.per_row] = axis + x.per_row;
        seen |= 1 << axis;
    }
    if (seen != (1 << rank) - 1) {
        lower_error(l, frame, v[1].span, "each axis stands once in the new order");
        return value_error();
    }
    x.node = graph_transpose(l->graph, x.node, perm);
    x.span = span;
    return x;
}

static struct value spread_rows(struct lower *l, struct value v)
{
    int64_t dim[RANK_MAX];
    int rank = value_rank(l, v);
    for (int i = 0; i < rank; i++)
        dim[i] = value_dim(l, v, i);
    struct shape shape = shape_rows(rank, dim, true);
    return v.per_row ? v : value_tensor(l, graph_broadcast(l->graph, v.node, &shape), true, v.span);
}

/* concat(a, b, ..., axis = 0) */
static struct value call_concat(struct lower *l, struct frame *frame, const struct builtin *b,
                                struct arguments *a, const char *path, struct span span)
{
    struct value v[BUILTIN_ARGUMENTS], axis_value = value_number(0, span);
    int count = 0, node[BUILTIN_ARGUMENTS], axis;
    bool per_row = false;
    (void)path;
    for (int i = 0; i < a->count; i++) {
        if (a->name[i] && strcmp(a->name[i], "axis")) {
            lower_error(l, frame, a->ast[i]->span, "'%s' has no argument '%s'", b->name,
                        a->name[i]);
            return value_error();
        }
        if (a->name[i])
            axis_value = a->item[i];
        else
            v[count++] = value_to_f32(l, a->item[i]);
        if (!a->name[i] && v[count - 1].kind == V_ERROR)
            return value_error();
    }
    if (count < 1 || !axis_of(l, frame, axis_value, value_rank(l, v[0]), &axis)) {
        if (count < 1)
            lower_error(l, frame, span, "'concat' needs at least one value");
        return value_error();
    }
    for (int i = 0; i < count; i++)
        per_row |= v[i].per_row;
    for (int i = 0; i < count; i++) {
        bool fits = value_rank(l, v[i]) == value_rank(l, v[0]);
        for (int k = 0; fits && k < value_rank(l, v[0]); k++)
            fits = k == axis || value_dim(l, v[i], k) == value_dim(l, v[0], k);
        if (!fits) {
            struct diag *d = lower_error(l, frame, span,
                                         "concat along axis %d: %s and %s differ in another axis",
                                         axis, value_describe(l, v[0]), value_describe(l, v[i]));
            diag_note(d, value_node(l, v[0])->span, "%s comes from here", value_describe(l, v[0]));
            diag_note(d, value_node(l, v[i])->span, "%s comes from here", value_describe(l, v[i]));
            return value_error();
        }
        node[i] = (per_row ? spread_rows(l, v[i]) : v[i]).node;
    }
    return value_tensor(l, graph_concat(l->graph, count, node, axis + per_row), per_row, span);
}

/* split(x, n): n equal parts of the last axis */
static struct value call_split(struct lower *l, struct frame *frame, const struct builtin *b,
                               struct arguments *a, const char *path, struct span span)
{
    int64_t n;
    ARGUMENTS(2);
    struct value x = value_to_tensor(l, v[0]);
    if (x.kind == V_ERROR)
        return x;
    int rank = value_rank(l, x);
    if (rank < 1 || !value_whole(v[1], &n) || n < 1 || value_dim(l, x, rank - 1) % n) {
        lower_error(l, frame, span, "the last axis of %s does not split into %s equal parts",
                    value_describe(l, x),
                    v[1].kind == V_NUMBER ? arena_printf(l->arena, "%.9g", v[1].number) : "those");
        return value_error();
    }
    int64_t part = value_dim(l, x, rank - 1) / n;
    struct value list = {.kind = V_LIST, .count = (int)n, .span = span};
    list.item = ARENA_ARRAY(l->arena, struct value, n);
    for (int64_t i = 0; i < n && lower_step(l, frame, span); i++) {
        struct value index[2] = {{.kind = V_ELLIPSIS}, {.kind = V_RANGE, .count = 2, .span = span}};
        index[1].item = ARENA_ARRAY(l->arena, struct value, 2);
        index[1].item[0] = value_number((double)(i * part), span);
        index[1].item[1] = value_number((double)(i * part + part - 1), span);
        list.item[i] = value_index(l, x, index, 2, span);
    }
    return list;
}

static struct value call_broadcast(struct lower *l, struct frame *frame, const struct builtin *b,
                                   struct arguments *a, const char *path, struct span span)
{
    int rank;
    int64_t dim[RANK_MAX];
    ARGUMENTS(2);
    struct value x = value_to_tensor(l, v[0]);
    if (x.kind == V_ERROR || !list_dims(l, frame, v[1], &rank, dim))
        return value_error();
    int have = value_rank(l, x);
    bool fits = have <= rank;
    for (int i = 1; fits && i <= have; i++)
        fits = value_dim(l, x, have - i) == dim[rank - i] || value_dim(l, x, have - i) == 1;
    if (!fits) {
        lower_error(l, frame, span, "%s does not spread to that shape", value_describe(l, x));
        return value_error();
    }
    x = value_row_rank(l, x, rank);
    struct shape shape = shape_rows(rank, dim, x.per_row);
    x.node = graph_broadcast(l->graph, x.node, &shape);
    x.span = span;
    return x;
}

static struct value call_elements(struct lower *l, struct frame *frame, const struct builtin *b,
                                  struct arguments *a, const char *path, struct span span)
{
    ARGUMENTS(1);
    struct value x = value_to_tensor(l, v[0]);
    l->asked_size = true;
    return x.kind == V_ERROR ? x : value_number((double)row_elements(l, x), span);
}

static struct value shape_value(struct lower *l, const struct shape *s, struct span span)
{
    struct value list = {.kind = V_LIST, .count = s->rank, .span = span};
    list.item = ARENA_ARRAY(l->arena, struct value, s->rank + 1);
    for (int i = 0; i < s->rank; i++)
        list.item[i] = value_number((double)s->dim[i], span);
    return list;
}

static struct value call_dims(struct lower *l, struct frame *frame, const struct builtin *b,
                              struct arguments *a, const char *path, struct span span)
{
    struct shape row = {.rows = -1};
    ARGUMENTS(1);
    struct value x = value_to_tensor(l, v[0]);
    l->asked_size = true;
    if (x.kind == V_ERROR)
        return x;
    for (; row.rank < value_rank(l, x); row.rank++)
        row.dim[row.rank] = value_dim(l, x, row.rank);
    return shape_value(l, &row, span);
}

static struct value call_higher_is_better(struct lower *l, struct frame *frame,
                                          const struct builtin *b, struct arguments *a,
                                          const char *path, struct span span)
{
    ARGUMENTS(1);
    const struct watched *w = lower_watched(l, v[0]);
    if (w)
        return value_bool(!w->lower, span);
    struct diag *d = lower_error(l, frame, span, "this takes a result of the run, such as "
                                 "val.loss, not %s", value_describe(l, v[0]));
    diag_help(d, "only of a result as it is reported is it known which way is better");
    return value_error();
}

static struct value call_made_by(struct lower *l, struct frame *frame, const struct builtin *b,
                                 struct arguments *a, const char *path, struct span span)
{
    enum op op;
    ARGUMENTS(2);
    const struct layer *layer = v[1].kind == V_LAYER ? v[1].layer : NULL;
    if (layer && (layer->block || (layer->name && builtin_map(layer->name, &op))))
        return value_bool(lower_made_by(l, v[0], layer), span);
    lower_error(l, frame, v[1].span.source ? v[1].span : span, "'made_by' takes a value and the "
                "name of a block, or of an operator that maps one value");
    return value_error();
}

static struct value call_position(struct lower *l, struct frame *frame, const struct builtin *b,
                                  struct arguments *a, const char *path, struct span span)
{
    int axis;
    int64_t dim[RANK_MAX];
    ARGUMENTS(2);
    struct value x = value_to_tensor(l, v[0]);
    if (x.kind == V_ERROR)
        return x;
    int rank = value_rank(l, x);
    if (!axis_of(l, frame, v[1], rank, &axis))
        return value_error();
    for (int i = 0; i < rank; i++)
        dim[i] = value_dim(l, x, i);
    struct shape shape = shape_rows(rank, dim, false);
    struct attr attr = {.axis = axis};
    return value_tensor(l, graph_add_shaped(l->graph, OP_POSITION, 0, NULL, &attr, I32, &shape),
                        false, span);
}

/* ---- lines ---- */
static bool flag(struct lower *l, struct frame *frame, struct value v, const char *name, bool *out)
{
    if (v.kind != V_BOOL)
        lower_error(l, frame, v.span, "'%s' is true or false, not %s", name, value_describe(l, v));
    *out = v.kind == V_BOOL && v.number != 0;
    return v.kind == V_BOOL;
}

/* Spreads values over the rows where one of them is per row; are they now? */
static bool spread_all(struct lower *l, int count, struct value *v)
{
    bool per_row = false;
    for (int i = 0; i < count; i++)
        per_row = per_row || v[i].per_row;
    for (int i = 0; per_row && i < count; i++)
        v[i] = spread_rows(l, v[i]);
    return per_row;
}

/* Have both the same extents but for that of `axis`? */
static bool same_dims(struct lower *l, struct value a, struct value b, int axis)
{
    bool same = value_rank(l, a) == value_rank(l, b);
    for (int i = 0; same && i < value_rank(l, a); i++)
        same = i == axis || value_dim(l, a, i) == value_dim(l, b, i);
    return same;
}

/* One or two values of one shape, then axis = -1, and whether from the other end = false. */
static struct value call_line(struct lower *l, struct frame *frame, const struct builtin *b,
                              struct arguments *a, const char *path, struct span span)
{
    int axis, node[2], count = op_def(b->op)->operands;
    bool reverse = false;
    ARGUMENTS(4);
    for (int i = 0; i < count; i++)
        if ((v[i] = value_to_f32(l, v[i])).kind == V_ERROR)
            return v[i];
    const struct value *at = &v[count], *back = at + 1;
    if (!same_dims(l, v[0], v[count - 1], -1)) {
        diag_help(lower_error(l, frame, span, "'%s' takes values of one shape, not %s and %s",
                              b->name, value_describe(l, v[0]), value_describe(l, v[1])),
                  "broadcast(a, dims(x)) gives a the shape of x");
        return value_error();
    }
    if ((given[count + 1] && !flag(l, frame, *back, b->formals[count + 1], &reverse)) ||
        !axis_of(l, frame, given[count] ? *at : value_number(-1, span), value_rank(l, v[0]), &axis))
        return value_error();
    bool per_row = spread_all(l, count, v);
    for (int i = 0; i < count; i++)
        node[i] = v[i].node;
    int line = graph_line(l->graph, b->op, count, node, axis + per_row, reverse);
    struct value out = value_tensor(l, line, per_row, span);
    out.classes = value_node(l, out)->dtype == I32 ? value_dim(l, v[0], axis) : 0;
    return out;
}

/* ---- indexed reads ---- */
static bool index_value(struct lower *l, struct frame *frame, const struct builtin *b,
                        struct value v)
{
    if (v.kind == V_TENSOR && value_node(l, v)->dtype == I32)
        return true;
    if (v.kind != V_ERROR)
        lower_error(l, frame, v.span, "'%s' takes whole-number indices, not %s", b->name,
                    value_describe(l, v));
    return false;
}

/* One axis more than `rank`. */
static bool room_for_axis(struct lower *l, struct frame *frame, int rank, struct span span)
{
    if (rank < RANK_MAX - 1)
        return true;
    lower_error(l, frame, span, "the result would have more than %d axes", RANK_MAX - 1);
    return false;
}

/* gather(table, index): rows of a shared table [n, ...] */
static struct value call_gather(struct lower *l, struct frame *frame, const struct builtin *b,
                                struct arguments *a, const char *path, struct span span)
{
    int64_t dim[RANK_MAX], out[RANK_MAX], c = 1;
    ARGUMENTS(2);
    struct value table = value_to_f32(l, v[0]);
    if (table.kind == V_ERROR || !index_value(l, frame, b, v[1]))
        return value_error();
    int rank = value_rank(l, table), index_rank = value_rank(l, v[1]), n = 0;
    if (rank + index_rank - 2 >= 0 && !room_for_axis(l, frame, rank + index_rank - 2, span))
        return value_error();
    if (table.per_row || rank < 1) {
        lower_error(l, frame, span,
                    "'gather' reads a table shared by all rows, not %s; 'take' reads a row's own",
                    value_describe(l, table));
        return value_error();
    }
    for (int i = 0; i < index_rank; i++)
        out[n++] = value_dim(l, v[1], i);
    for (int i = 1; i < rank; i++) {
        out[n++] = value_dim(l, table, i);
        c *= value_dim(l, table, i);
    }
    dim[0] = 1, dim[1] = value_dim(l, table, 0), dim[2] = c;
    struct shape shape = shape_of(3, -1, dim);
    int x = graph_reshape(l->graph, table.node, &shape);
    dim[0] = 1, dim[1] = row_elements(l, v[1]);
    shape = shape_of(2, v[1].per_row ? 1 : -1, dim);
    int index = graph_reshape(l->graph, v[1].node, &shape);
    shape = shape_rows(n, out, v[1].per_row);
    int node = graph_reshape(l->graph, graph_take(l->graph, x, index), &shape);
    return value_tensor(l, node, v[1].per_row, span);
}

/* take(x, index): x [n, c] of this row, index [...] -> [..., c] */
static struct value call_take(struct lower *l, struct frame *frame, const struct builtin *b,
                              struct arguments *a, const char *path, struct span span)
{
    int64_t dim[RANK_MAX], out[RANK_MAX];
    ARGUMENTS(2);
    struct value x = value_to_f32(l, v[0]), index = v[1];
    if (x.kind == V_ERROR || !index_value(l, frame, b, index))
        return value_error();
    int rank = value_rank(l, index);
    if (value_rank(l, x) != 2) {
        lower_error(l, frame, span, "'take' reads from f32[n, c], not %s", value_describe(l, x));
        return value_error();
    }
    if (!room_for_axis(l, frame, rank, span))
        return value_error();
    bool per_row = x.per_row || index.per_row;
    if (per_row) {
        x = spread_rows(l, x);
        index = spread_rows(l, index);
    }
    for (int i = 0; i < rank; i++)
        out[i] = value_dim(l, index, i);
    out[rank] = value_dim(l, x, 1);
    dim[0] = 1, dim[1] = value_dim(l, x, 0), dim[2] = value_dim(l, x, 1);
    struct shape shape = shape_of(3, per_row ? 0 : -1, dim);
    int xn = graph_reshape(l->graph, x.node, &shape);
    dim[1] = row_elements(l, index);
    shape = shape_of(2, per_row ? 0 : -1, dim);
    int in = graph_reshape(l->graph, index.node, &shape);
    shape = shape_rows(rank + 1, out, per_row);
    return value_tensor(l, graph_reshape(l->graph, graph_take(l->graph, xn, in), &shape), per_row,
                        span);
}

/* Where the row before stands in the batch, I32[1, b]: of the first it is the last. */
static int row_before(struct graph *graph)
{
    struct attr along = {.axis = 0}, all = {.step_value = VALUE_ROWS};
    struct shape scalar = shape_scalar(), row = shape_of(1, 0, (int64_t[]){1});
    struct shape index = shape_of(2, 1, (int64_t[]){1, 1});
    int at = graph_add_shaped(graph, OP_POSITION, 0, NULL, &along, I32, &row);
    int rows = graph_add_shaped(graph, OP_STEP_VALUE, 0, NULL, &all, I32, &scalar);
    int first = graph_binary(graph, OP_EQ, at, graph_const_whole(graph, I32, 0));
    int after = graph_select(graph, first, rows, at);
    int before = graph_binary(graph, OP_SUB, after, graph_const_whole(graph, I32, 1));
    return graph_reshape(graph, before, &index);
}

/* neighbour(x): x of the row before it in the batch */
static struct value call_neighbour(struct lower *l, struct frame *frame, const struct builtin *b,
                                   struct arguments *a, const char *path, struct span span)
{
    ARGUMENTS(1);
    struct value x = value_to_f32(l, v[0]);
    if (x.kind == V_ERROR)
        return x;
    if (!x.per_row) {
        lower_error(l, frame, span, "'neighbour' takes a value of each row, not %s",
                    value_describe(l, x));
        return value_error();
    }
    if (l->phase != PHASE_TRAIN) {
        struct diag *d = lower_error(l, frame, span, "'neighbour' is known in training only: what "
                                     "is predicted of a row depends on no other");
        diag_help(d, "write if training { ... } around what mixes rows");
        return value_error();
    }
    struct shape shape = value_node(l, x)->shape;
    struct shape rows = shape_of(3, 1, (int64_t[]){1, 1, row_elements(l, x)});
    int before = row_before(l->graph);
    int taken = graph_take(l->graph, graph_reshape(l->graph, x.node, &rows), before);
    return value_tensor(l, graph_reshape(l->graph, taken, &shape), true, span);
}

/* pick(z, y): z [..., k], y class[..., k] -> [...] */
static struct value call_pick(struct lower *l, struct frame *frame, const struct builtin *b,
                              struct arguments *a, const char *path, struct span span)
{
    int64_t dim[RANK_MAX], out[RANK_MAX];
    ARGUMENTS(2);
    struct value z = value_to_f32(l, v[0]), y = v[1];
    if (z.kind == V_ERROR || !index_value(l, frame, b, y))
        return value_error();
    int rank = value_rank(l, y);
    bool fits = value_rank(l, z) == rank + 1 && z.per_row == y.per_row;
    for (int i = 0; fits && i < rank; i++)
        fits = value_dim(l, z, i) == value_dim(l, y, i);
    fits = fits && (!y.classes || value_dim(l, z, rank) == y.classes);
    if (!fits) {
        lower_error(
            l, frame, span,
            "'pick' takes f32[..., k] and class[..., k] with the same leading axes, not %s and %s",
            value_describe(l, z), value_describe(l, y));
        return value_error();
    }
    for (int i = 0; i < rank; i++)
        out[i] = value_dim(l, y, i);
    int rows = y.per_row ? 0 : -1;
    dim[0] = row_elements(l, y), dim[1] = value_dim(l, z, rank), dim[2] = 1;
    struct shape shape = shape_of(3, rows, dim);
    int zn = graph_reshape(l->graph, z.node, &shape);
    dim[1] = 1;
    shape = shape_of(2, rows, dim);
    int yn = graph_reshape(l->graph, y.node, &shape);
    shape = shape_rows(rank, out, y.per_row);
    return value_tensor(l, graph_reshape(l->graph, graph_take(l->graph, zn, yn), &shape), y.per_row,
                        span);
}

/* Puts the axis at the end, or back to its place from there. */
static int move_axis(struct lower *l, int node, int axis, bool back)
{
    int perm[RANK_MAX], last = graph_node(l->graph, node)->shape.rank - 1;
    for (int i = 0; i <= last; i++)
        perm[i] = i < axis ? i : back ? (i == axis ? last : i - 1) : i == last ? axis : i + 1;
    return graph_transpose(l->graph, node, perm);
}

/* [p, n, 1], or of an index [p, n], where p is all axes but one. */
static int as_pages(struct lower *l, struct value x, int axis, bool index)
{
    int64_t n = value_dim(l, x, axis), dim[] = {row_elements(l, x) / n, n, 1};
    struct shape shape = shape_of(index ? 2 : 3, x.per_row ? 0 : -1, dim);
    return graph_reshape(l->graph, move_axis(l, x.node, axis + x.per_row, false), &shape);
}

/* pages [p, n, 1] in the shape of `like`, whose axis has n elements now */
static struct value of_pages(struct lower *l, int pages, struct value like, int axis,
                             struct span span)
{
    int at = axis + like.per_row;
    struct shape shape = value_node(l, like)->shape;
    for (int i = at; i + 1 < shape.rank; i++)
        shape.dim[i] = shape.dim[i + 1];
    shape.dim[shape.rank - 1] = graph_node(l->graph, pages)->shape.dim[1];
    int node = move_axis(l, graph_reshape(l->graph, pages, &shape), at, true);
    return value_tensor(l, node, like.per_row, span);
}

/* take_along(x, index, axis = -1): for each place of the index, x there but for its axis */
static struct value call_take_along(struct lower *l, struct frame *frame, const struct builtin *b,
                                    struct arguments *a, const char *path, struct span span)
{
    int axis;
    ARGUMENTS(3);
    v[0] = value_to_f32(l, v[0]);
    if (v[0].kind == V_ERROR || !index_value(l, frame, b, v[1]) ||
        !axis_of(l, frame, given[2] ? v[2] : value_number(-1, span), value_rank(l, v[0]), &axis))
        return value_error();
    if (!same_dims(l, v[0], v[1], axis)) {
        lower_error(l, frame, span, "'%s' along axis %d: %s and %s differ in another axis", b->name,
                    axis, value_describe(l, v[0]), value_describe(l, v[1]));
        return value_error();
    }
    spread_all(l, 2, v);
    int places = as_pages(l, v[1], axis, true), from = as_pages(l, v[0], axis, false);
    int pages = graph_take(l->graph, from, places);
    return of_pages(l, pages, v[0], axis, span);
}

/* How many places rows are added to. */
static bool places_of(struct lower *l, struct frame *frame, const struct builtin *b,
                      struct value v, int64_t *n)
{
    bool good = value_whole(v, n) && *n >= 1 && *n <= INT32_MAX;
    if (!good)
        lower_error(l, frame, v.span, "'%s' takes a whole number of places from 1, not %s", b->name,
                    value_describe(l, v));
    return good;
}

/* scatter_add(x, index, n, axis = -1): x added up along the axis where the index says */
static struct value call_scatter_add(struct lower *l, struct frame *frame, const struct builtin *b,
                                     struct arguments *a, const char *path, struct span span)
{
    int axis;
    int64_t n;
    ARGUMENTS(4);
    v[0] = value_to_f32(l, v[0]);
    if (v[0].kind == V_ERROR || !index_value(l, frame, b, v[1]) ||
        !places_of(l, frame, b, v[2], &n) ||
        !axis_of(l, frame, given[3] ? v[3] : value_number(-1, span), value_rank(l, v[0]), &axis))
        return value_error();
    if (!same_dims(l, v[0], v[1], -1)) {
        lower_error(l, frame, span, "'%s' takes values of one shape, not %s and %s", b->name,
                    value_describe(l, v[0]), value_describe(l, v[1]));
        return value_error();
    }
    spread_all(l, 2, v);
    int places = as_pages(l, v[1], axis, true), from = as_pages(l, v[0], axis, false);
    int pages = graph_segment(l->graph, OP_SCATTER_ADD, from, places, n);
    return of_pages(l, pages, v[0], axis, span);
}

/* segment_sum(x, index, n): x [r, ..], index [r] -> [n, ..]; segment_argmax likewise */
static struct value call_segment(struct lower *l, struct frame *frame, const struct builtin *b,
                                 struct arguments *a, const char *path, struct span span)
{
    int64_t n, dim[RANK_MAX];
    ARGUMENTS(3);
    v[0] = value_to_f32(l, v[0]);
    if (v[0].kind == V_ERROR || !index_value(l, frame, b, v[1]) ||
        !places_of(l, frame, b, v[2], &n))
        return value_error();
    int rank = value_rank(l, v[0]);
    if (rank < 1 || value_rank(l, v[1]) != 1 || value_dim(l, v[0], 0) != value_dim(l, v[1], 0)) {
        lower_error(l, frame, span, "'%s' takes f32[r, ...] and int[r], not %s and %s", b->name,
                    value_describe(l, v[0]), value_describe(l, v[1]));
        return value_error();
    }
    bool per_row = spread_all(l, 2, v);
    int64_t r = value_dim(l, v[0], 0), form[] = {1, r, row_elements(l, v[0]) / r};
    struct shape x = shape_of(3, per_row ? 0 : -1, form), index = shape_of(2, x.rows, form);
    int places = graph_reshape(l->graph, v[1].node, &index);
    int out = graph_segment(l->graph, b->op, graph_reshape(l->graph, v[0].node, &x), places, n);
    for (int i = 0; i < rank; i++)
        dim[i] = i == 0 ? n : value_dim(l, v[0], i);
    struct shape shape = shape_rows(rank, dim, per_row);
    return value_tensor(l, graph_reshape(l->graph, out, &shape), per_row, span);
}

static struct value call_one_hot(struct lower *l, struct frame *frame, const struct builtin *b,
                                 struct arguments *a, const char *path, struct span span)
{
    int64_t k = 0;
    ARGUMENTS(2);
    if (!index_value(l, frame, b, v[0]))
        return value_error();
    if (given[1] ? !value_whole(v[1], &k) || k < 1 : !(k = v[0].classes)) {
        lower_error(
            l, frame, span,
            "'one_hot' of a value that is no class needs the number of classes: one_hot(i, 10)");
        return value_error();
    }
    if (!room_for_axis(l, frame, value_rank(l, v[0]), span))
        return value_error();
    int node = graph_to(l->graph, F32, graph_one_hot(l->graph, v[0].node, k));
    return value_tensor(l, node, v[0].per_row, span);
}

/* ---- windows ---- */
/* One whole number for all axes, or a list of one for each; none: `other`. */
static bool wholes_of(struct lower *l, struct frame *frame, const char *what, struct value v,
                      bool given, int count, int64_t other, int64_t least, int64_t *out)
{
    bool list = given && v.kind == V_LIST, good = !list || v.count == count;
    for (int i = 0; good && i < count; i++) {
        out[i] = other;
        good = !given || (value_whole(list ? v.item[i] : v, &out[i]) && out[i] >= least &&
                          out[i] <= INT32_MAX);
    }
    if (!good)
        lower_error(l, frame, v.span, "'%s' is a whole number from %lld on, or a list of %d", what,
                    (long long)least, count);
    return good;
}

/* How many windows an axis of n has. */
static bool count_windows(struct lower *l, struct frame *frame, struct value x, int64_t n,
                          int64_t size, int64_t after, const struct window_axis *w,
                          int64_t *count)
{
    int64_t all = n + w->before + after, span = (size - 1) * w->dilation + 1;
    if (span > all) {
        struct diag *d = lower_error(l, frame, x.span, "a window over %lld does not fit into %lld",
                                     (long long)span, (long long)all);
        diag_note(d, value_node(l, x)->span, "%s comes from here", value_describe(l, x));
        diag_help(d, "take a smaller size or dilation, or more of 'before' and 'after'");
        return false;
    }
    *count = (all - span) / w->stride + 1;
    return true;
}

/* Places are counted in 32 bits on devices, those outside of x too. */
static bool frame_fits(struct lower *l, struct frame *frame, struct value x, const int64_t *around,
                       int axis, int axes)
{
    int64_t dim[RANK_MAX];
    for (int i = 0; i < value_rank(l, x); i++)
        dim[i] = value_dim(l, x, i) + (i >= axis && i < axis + axes ? around[i - axis] : 0);
    if (!dims_fit(value_rank(l, x), dim))
        lower_error(l, frame, x.span, "more than 2147483647 elements with what stands around them: "
                    "take less of 'before' and 'after'");
    return dims_fit(value_rank(l, x), dim);
}

struct windows {
    int axis, axes;
    struct window_axis window[RANK_MAX];
    int64_t size[RANK_MAX], count[RANK_MAX];
};

/* Sizes, strides and what stands around the axes, from the arguments after the first. */
static bool windows_of(struct lower *l, struct frame *frame, struct value x,
                       const struct value *v, const bool *given, struct windows *w)
{
    static const char *const name[] = {"x", "size", "axis", "stride", "dilation", "before",
                                       "after"};
    int64_t part[7][RANK_MAX], around[RANK_MAX];
    int rank = value_rank(l, x), axes = v[1].kind == V_LIST ? v[1].count : 1, axis = 0;
    if (given[2] && !axis_of(l, frame, v[2], rank, &axis))
        return false;
    if (axes < 1 || axis + axes > rank) {
        lower_error(l, frame, v[1].span, "%s has no %d axes for windows from axis %d on",
                    value_describe(l, x), axes, axis);
        return false;
    }
    if (!room_for_axis(l, frame, rank + axes - 1, v[1].span))
        return false;
    for (int i = 1; i < 7; i++)
        if (i != 2 && !wholes_of(l, frame, name[i], v[i], given[i], axes, i < 5, i < 5, part[i]))
            return false;
    w->axis = axis;
    w->axes = axes;
    for (int i = 0; i < axes; i++) {
        w->window[i] = (struct window_axis){part[3][i], part[4][i], part[5][i]};
        w->size[i] = part[1][i];
        if (!count_windows(l, frame, x, value_dim(l, x, axis + i), part[1][i], part[6][i],
                           &w->window[i], &w->count[i]))
            return false;
        around[i] = part[5][i] + part[6][i];
        if (w->size[i] == 1)
            w->window[i].dilation = 1;
        if (w->count[i] == 1)
            w->window[i].stride = 1;
    }
    return frame_fits(l, frame, x, around, axis, axes);
}

/* The array, of classes their one-hot rows; whole numbers and bools have no window. */
static struct value array_of_windows(struct lower *l, struct frame *frame, struct value v)
{
    v = value_to_tensor(l, v);
    if (v.kind == V_TENSOR && !v.classes && value_node(l, v)->dtype != F32) {
        struct diag *d = lower_error(l, frame, v.span, "windows are of f32, not of %s",
                                     value_describe(l, v));
        diag_help(d, "write to_float(...)");
        return value_error();
    }
    return value_to_f32(l, v);
}

/* window(x, size, axis): [.., n.., ..] seen as [.., o.., k.., ..] */
static struct value call_window(struct lower *l, struct frame *frame, const struct builtin *b,
                                struct arguments *a, const char *path, struct span span)
{
    struct windows w;
    int64_t dim[RANK_MAX];
    ARGUMENTS(8);
    struct value x = array_of_windows(l, frame, v[0]);
    if (x.kind == V_ERROR || !windows_of(l, frame, x, v, given, &w))
        return value_error();
    if (given[7] && v[7].kind != V_NUMBER) {
        lower_error(l, frame, v[7].span, "what stands outside is a number, not %s",
                    value_describe(l, v[7]));
        return value_error();
    }
    struct attr attr = {.value = given[7] ? (float)v[7].number : 0.0f};
    int rank = value_rank(l, x), axes = w.axes, axis = w.axis;
    window_set(l->graph->nodes, &attr, axis + x.per_row, axes, w.window);
    for (int i = 0; i < rank; i++)
        dim[i < axis ? i : i + axes] = value_dim(l, x, i);
    for (int i = 0; i < axes; i++) {
        dim[axis + i] = w.count[i];
        dim[axis + axes + i] = w.size[i];
    }
    if (!dims_fit(rank + axes, dim)) {
        lower_error(l, frame, span, "more than 2147483647 elements");
        return value_error();
    }
    struct shape shape = shape_rows(rank + axes, dim, x.per_row);
    x.node = graph_add_shaped(l->graph, OP_WINDOW, 1, &x.node, &attr, F32, &shape);
    x.span = span;
    return x;
}

/* contract(a, b, axes, grouped): the last axes of a, row-major, with as many first ones of b, in
 * both behind one of groups where grouped */
static struct value call_contract(struct lower *l, struct frame *frame, const struct builtin *b,
                                  struct arguments *a, const char *path, struct span span)
{
    int64_t axes;
    ARGUMENTS(4);
    struct value x = value_to_f32(l, v[0]), y = value_to_f32(l, v[1]);
    if (x.kind == V_ERROR || y.kind == V_ERROR)
        return value_error();
    int rank = value_rank(l, x), other = value_rank(l, y), whole = x.per_row + rank;
    bool grouped = false;
    if (given[3] && !flag(l, frame, v[3], "grouped", &grouped))
        return value_error();
    axes = other - 1 - grouped;
    bool fits = !given[2] || value_whole(v[2], &axes);
    int64_t both = axes + grouped;
    fits = fits && axes >= 1 && both < whole && both <= rank && both < other && !y.per_row &&
           rank + other - 2 * axes - grouped < RANK_MAX;
    for (int i = 0; fits && i < both; i++)
        fits = value_dim(l, x, rank - (int)both + i) == value_dim(l, y, i);
    if (!fits) {
        struct diag *d = lower_error(l, frame, span, "%s does not end in axes that %s begins with",
                                     value_describe(l, x), value_describe(l, y));
        diag_help(d, "contract(a, b, axes) takes f32[.., k..] and f32[k.., ..], the latter shared "
                     "by all rows");
        return value_error();
    }
    struct attr attr = {.axes = (int)axes, .grouped = grouped};
    int node = graph_add(l->graph, OP_CONTRACT, 2, (int[]){x.node, y.node}, &attr);
    return value_tensor(l, node, x.per_row, span);
}

/* The windows of y [l.., extent.., g, n] that x [l.., o.., g, c] and w [g, k.., n, c] are of. */
struct transposition {
    int first, axes;
    bool grouped;
    struct window_axis window[RANK_MAX];
    int64_t extent[RANK_MAX];
};

/* The last axes of x are those of w but for its taps; they follow as many as it has taps. */
static bool transposes(struct lower *l, struct value x, struct value w, struct transposition *t)
{
    int rank = value_rank(l, x), other = value_rank(l, w), g = t->grouped;
    t->axes = other - 2 - g;
    t->first = rank - 1 - g - t->axes;
    return t->axes >= 1 && t->first >= 0 && !w.per_row && rank + t->axes < RANK_MAX &&
           value_dim(l, x, rank - 1) == value_dim(l, w, other - 1) &&
           (!g || value_dim(l, x, rank - 2) == value_dim(l, w, 0));
}

/* Extents, strides and what is cut off, from the arguments after the second. */
static bool transposition_of(struct lower *l, struct frame *frame, struct value x, struct value w,
                             const struct value *v, const bool *given, struct transposition *t)
{
    static const char *const name[] = {"extent", "stride", "dilation", "before"};
    int64_t part[4][RANK_MAX], reach[RANK_MAX];
    for (int i = 0; i < 4; i++)
        if (!wholes_of(l, frame, name[i], v[i + 2], given[i + 2], t->axes, i < 3, i < 3, part[i]))
            return false;
    for (int i = 0; i < t->axes; i++) {
        int64_t count = value_dim(l, x, t->first + i), size = value_dim(l, w, t->grouped + i);
        t->window[i] = (struct window_axis){count == 1 ? 1 : part[1][i],
                                            size == 1 ? 1 : part[2][i], part[3][i]};
        t->extent[i] = part[0][i];
        reach[i] = (count - 1) * t->window[i].stride + (size - 1) * t->window[i].dilation + 1;
        reach[i] = reach[i] > t->extent[i] ? reach[i] : t->extent[i];
    }
    if (!dims_fit(t->axes, reach))
        lower_error(l, frame, x.span, "more than 2147483647 elements with what is cut off: take "
                    "less of 'stride' and 'dilation'");
    return dims_fit(t->axes, reach);
}

static struct value transpose_windows(struct lower *l, struct value x, struct value w,
                                      const struct transposition *t, struct span span)
{
    struct attr attr = {0};
    struct shape y = value_node(l, x)->shape;
    int at = x.per_row + t->first, axes = t->axes;
    for (int i = 0; i < axes; i++)
        y.dim[at + i] = t->extent[i];
    y.dim[y.rank - 1] = value_dim(l, w, value_rank(l, w) - 2);
    struct shape windows = y;
    windows.rank += axes;
    for (int i = windows.rank - 1; i >= at + axes; i--)
        windows.dim[i] = windows.dim[i - axes];
    for (int i = 0; i < axes; i++) {
        windows.dim[at + i] = value_dim(l, x, t->first + i);
        windows.dim[at + axes + i] = value_dim(l, w, t->grouped + i);
    }
    if (!dims_fit(y.rank, y.dim) || !dims_fit(windows.rank, windows.dim)) {
        lower_error(l, lower_current(l), span, "more than 2147483647 elements");
        return value_error();
    }
    window_set(l->graph->nodes, &attr, at, axes, t->window);
    int node = contraction_transposed(l->graph, x.node, w.node, &attr, &windows, &y, t->grouped);
    return value_tensor(l, node, x.per_row, span);
}

/* contract_transposed(x, w, extent): what a contraction of windows with w passes back to what they
 * are of, [.., extent.., n], where it passes x on */
static struct value call_contract_transposed(struct lower *l, struct frame *frame,
                                             const struct builtin *b, struct arguments *a,
                                             const char *path, struct span span)
{
    struct transposition t = {0};
    ARGUMENTS(7);
    struct value x = value_to_f32(l, v[0]), w = value_to_f32(l, v[1]);
    if (x.kind == V_ERROR || w.kind == V_ERROR ||
        (given[6] && !flag(l, frame, v[6], "grouped", &t.grouped)))
        return value_error();
    if (!transposes(l, x, w, &t)) {
        struct diag *d = lower_error(l, frame, span, "%s does not end in places and channels of %s",
                                     value_describe(l, x), value_describe(l, w));
        diag_help(d, "contract_transposed(x, w, extent) takes f32[.., o.., c] and f32[k.., n, c], "
                     "the latter shared by all rows");
        return value_error();
    }
    if (!transposition_of(l, frame, x, w, v, given, &t))
        return value_error();
    return transpose_windows(l, x, w, &t, span);
}

/* ---- random ---- */
static bool draws_per_row(struct lower *l, struct frame *frame)
{
    return l->phase != PHASE_INIT && l->phase != PHASE_FINISH && frame->role != ROLE_OPTIMIZER;
}

/* The node of the phase that draws from the stream, or NULL. */
static const struct node *find_draw(const struct lower *l, const char *path)
{
    const struct node *n = names_find(l->draws[l->phase], path);
    bool there = n && n->id < l->graph->count && graph_node(l->graph, n->id) == n;
    return there ? n : NULL;            /* else it was rolled back */
}

/* No two draws of a phase come from one stream, since their numbers would be the same, unless that
 * is what is wanted. */
static int add_draw(struct lower *l, enum op op, int sample, const struct attr *attr,
                    enum dtype dtype, const struct shape *shape, struct span span)
{
    const struct node *n = find_draw(l, attr->path);
    if (n && !l->same_draws) {
        struct diag *d =
            lower_error(l, lower_current(l), span, "the random stream '%s' is taken", attr->path);
        diag_note(d, n->call.line ? n->call : n->span, "by this");
        diag_help(d, "give one of the two another name; a call gets one by 'as'");
    }
    int node = graph_add_shaped(l->graph, op, sample >= 0, &sample, attr, dtype, shape);
    const struct names **draws = &l->draws[l->phase];
    *draws = names_add(l->arena, *draws, attr->path, graph_node(l->graph, node));
    return node;
}

static struct value random_node(struct lower *l, enum op op, struct attr attr, enum dtype dtype,
                                int rank, const int64_t *dim, bool per_row, const char *path,
                                struct span span)
{
    struct shape shape = shape_rows(rank, dim, per_row);
    int sample = -1;
    attr.path = path;
    attr.domain = l->phase == PHASE_INIT ? DOMAIN_INIT : DOMAIN_STEP;
    if (l->phase == PHASE_PREPARE || l->phase == PHASE_AUGMENT) {
        attr.domain = DOMAIN_SAMPLE;
        sample = lower_read(l, l->program->sample);
    }
    return value_tensor(l, add_draw(l, op, sample, &attr, dtype, &shape, span), per_row, span);
}

static struct value call_random(struct lower *l, struct frame *frame, const struct builtin *b,
                                struct arguments *a, const char *path, struct span span)
{
    int rank = 0;
    int64_t dim[RANK_MAX];
    ARGUMENTS(1);
    if (given[0] && !list_dims(l, frame, v[0], &rank, dim))
        return value_error();
    return random_node(l, b->op, (struct attr){0}, F32, rank, dim, draws_per_row(l, frame), path,
                       span);
}

/* random_integer(n, [dims]) in 0..n-1 */
static struct value call_random_integer(struct lower *l, struct frame *frame,
                                        const struct builtin *b, struct arguments *a,
                                        const char *path, struct span span)
{
    int rank = 0;
    int64_t dim[RANK_MAX], n;
    ARGUMENTS(2);
    if (!value_whole(v[0], &n) || n < 1 || n > INT32_MAX) {
        lower_error(l, frame, span,
                    "'random_integer' takes a whole number from 1 to 2147483647, not %s",
                    value_describe(l, v[0]));
        return value_error();
    }
    if (given[1] && !list_dims(l, frame, v[1], &rank, dim))
        return value_error();
    struct value out = random_node(l, b->op, (struct attr){.whole = n}, I32, rank, dim,
                                   draws_per_row(l, frame), path, span);
    return out;
}

static struct value call_random_permutation(struct lower *l, struct frame *frame,
                                            const struct builtin *b, struct arguments *a,
                                            const char *path, struct span span)
{
    int64_t n;
    ARGUMENTS(1);
    if (!value_whole(v[0], &n) || n < 1 || n > INT32_MAX) {
        lower_error(l, frame, span, "'random_permutation' takes a whole number from 1, not %s",
                    value_describe(l, v[0]));
        return value_error();
    }
    struct shape shape = shape_of(1, -1, &n);
    struct attr attr = {.path = path, .domain = l->phase == PHASE_INIT ? DOMAIN_INIT : DOMAIN_STEP};
    return value_tensor(l, add_draw(l, b->op, -1, &attr, I32, &shape, span), false, span);
}

/* random_keep(x, p): x / (1 - p) where kept, with probability 1 - p, else +0 */
static struct value call_random_keep(struct lower *l, struct frame *frame, const struct builtin *b,
                                     struct arguments *a, const char *path, struct span span)
{
    int64_t dim[RANK_MAX];
    ARGUMENTS(2);
    struct value x = value_to_f32(l, v[0]);
    if (x.kind == V_ERROR)
        return x;
    if (v[1].kind != V_NUMBER || v[1].number < 0 || (float)v[1].number >= 1) {
        lower_error(l, frame, v[1].span,
                    "the probability of dropping is a number from 0 up to, but not, 1, not %s",
                    value_describe(l, v[1]));
        return value_error();
    }
    int rank = value_rank(l, x);
    for (int i = 0; i < rank; i++)
        dim[i] = value_dim(l, x, i);
    struct attr attr = {.probability = (float)v[1].number};
    struct value m[3] = {
        random_node(l, OP_RANDOM_KEEP, attr, BOOL, rank, dim, x.per_row, path, span)};
    m[1] = value_binary(l, AST_MUL, x, value_number(1 / (1 - v[1].number), span), span);
    m[2] = value_to_f32(l, value_number(0, span));
    return value_map(l, OP_SELECT, 3, m, span);
}

/* ---- the rest ---- */
static struct value call_stop_gradient(struct lower *l, struct frame *frame,
                                       const struct builtin *b, struct arguments *a,
                                       const char *path, struct span span)
{
    ARGUMENTS(1);
    struct value x = value_to_tensor(l, v[0]);
    if (x.kind == V_TENSOR)
        x.node = graph_unary(l->graph, OP_STOP_GRADIENT, x.node);
    return x;
}

/* Squares by the row rule per tensor; the results, in path order, form a row (NUMERICS 5.3). */
static struct value call_global_norm(struct lower *l, struct frame *frame, const struct builtin *b,
                                     struct arguments *a, const char *path, struct span span)
{
    ARGUMENTS(1);
    if (frame->role != ROLE_OPTIMIZER) {
        lower_error(l, frame, span, "'global_norm' exists in optimizers only");
        return value_error();
    }
    l->asked_norm = true;
    if (l->global_norm < 0) {
        int *part = ARENA_ARRAY(l->arena, int, l->gradient_count + 1);
        l->norm_first = l->graph->count;
        for (int i = 0; i < l->gradient_count; i++) {
            int64_t n = shape_elements(&graph_node(l->graph, l->gradient[i])->shape);
            struct shape flat = shape_of(1, -1, &n);
            int g = graph_reshape(l->graph, l->gradient[i], &flat);
            part[i] = graph_sum(l->graph, graph_unary(l->graph, OP_SQUARE, g), 1);
        }
        struct shape scalar = shape_scalar();
        int row = graph_concat(l->graph, l->gradient_count, part, 0);
        int total = graph_reshape(l->graph, graph_sum(l->graph, row, 1), &scalar);
        l->global_norm = graph_unary(l->graph, OP_SQRT, total);
        l->norm_end = l->graph->count;
    }
    return value_tensor(l, l->global_norm, false, span);
}

static struct value call_unscale(struct lower *l, struct frame *frame, const struct builtin *b,
                                 struct arguments *a, const char *path, struct span span)
{
    ARGUMENTS(2);
    return lower_unscale(l, frame, v[0], v[1], span);
}

static struct value call_columns(struct lower *l, struct frame *frame, const struct builtin *b,
                                 struct arguments *a, const char *path, struct span span)
{
    (void)path;
    return lower_columns(l, frame, b->name, a, span);
}

static struct value call_date(struct lower *l, struct frame *frame, const struct builtin *b,
                              struct arguments *a, const char *path, struct span span)
{
    ARGUMENTS(1);
    return lower_date(l, frame, b->name, v[0], span);
}

#define MAP(name, op) {name, 1, 1, op, call_map, {"x"}}
static const struct builtin builtins[] = {
    MAP("abs", OP_ABS),
    MAP("sign", OP_SIGN),
    MAP("floor", OP_FLOOR),
    MAP("sqrt", OP_SQRT),
    MAP("square", OP_SQUARE),
#define X(...)
#define FUNCTION(name, stem) MAP(#stem, OP_##name),
#include "graph/ops.def"
#undef X
    {"sum", 1, 3, 0, call_reduce, {"x", "axis", "keep"}},
    {"mean", 1, 3, 0, call_reduce, {"x", "axis", "keep"}},
    {"max", 1, 3, 0, call_extreme, {"x", "axis", "keep"}},
    {"min", 1, 3, 0, call_extreme, {"x", "axis", "keep"}},
    {"argmax", 1, 2, 0, call_argmax, {"x", "axis"}},
    {"cumsum", 1, 3, OP_CUMSUM, call_line, {"x", "axis", "reverse"}},
    {"cumprod", 1, 3, OP_CUMPROD, call_line, {"x", "axis", "reverse"}},
    {"recurrence", 2, 4, OP_RECURRENCE, call_line, {"a", "x", "axis", "reverse"}},
    {"argsort", 1, 3, OP_ARGSORT, call_line, {"x", "axis", "descending"}},
    {"select", 3, 3, 0, call_select, {"condition", "a", "b"}},
    {"to_int", 1, 1, 0, call_to_int, {"x"}},
    {"to_float", 1, 1, 0, call_to_float, {"x"}},
    {"reshape", 2, 2, 0, call_reshape, {"x", "shape"}},
    {"transpose", 2, 2, 0, call_transpose, {"x", "axes"}},
    {"concat", 1, 16, 0, call_concat, {"x", "axis"}},
    {"split", 2, 2, 0, call_split, {"x", "parts"}},
    {"broadcast", 2, 2, 0, call_broadcast, {"x", "shape"}},
    {"elements", 1, 1, 0, call_elements, {"x"}},
    {"dims", 1, 1, 0, call_dims, {"x"}},
    {"higher_is_better", 1, 1, 0, call_higher_is_better, {"result"}},
    {"made_by", 2, 2, 0, call_made_by, {"x", "layer"}},
    {"position", 2, 2, 0, call_position, {"x", "axis"}},
    {"gather", 2, 2, 0, call_gather, {"table", "index"}},
    {"take", 2, 2, 0, call_take, {"x", "index"}},
    {"neighbour", 1, 1, 0, call_neighbour, {"x"}},
    {"pick", 2, 2, 0, call_pick, {"z", "y"}},
    {"take_along", 2, 3, 0, call_take_along, {"x", "index", "axis"}},
    {"scatter_add", 3, 4, 0, call_scatter_add, {"x", "index", "n", "axis"}},
    {"segment_sum", 3, 3, OP_SCATTER_ADD, call_segment, {"x", "index", "n"}},
    {"segment_argmax", 3, 3, OP_SEGMENT_ARGMAX, call_segment, {"x", "index", "n"}},
    {"one_hot", 1, 2, 0, call_one_hot, {"y", "classes"}},
    {"window", 2, 8, 0, call_window,
     {"x", "size", "axis", "stride", "dilation", "before", "after", "outside"}},
    {"contract", 2, 4, 0, call_contract, {"a", "b", "axes", "grouped"}},
    {"contract_transposed", 3, 7, 0, call_contract_transposed,
     {"x", "w", "extent", "stride", "dilation", "before", "grouped"}},
    {"random_uniform", 0, 1, OP_RANDOM_UNIFORM, call_random, {"shape"}},
    {"random_normal", 0, 1, OP_RANDOM_NORMAL, call_random, {"shape"}},
    {"random_truncated_normal", 0, 1, OP_RANDOM_TRUNCATED_NORMAL, call_random, {"shape"}},
    {"random_integer", 1, 2, OP_RANDOM_INTEGER, call_random_integer, {"n", "shape"}},
    {"random_permutation", 1, 1, OP_RANDOM_PERMUTATION, call_random_permutation, {"n"}},
    {"random_keep", 2, 2, OP_RANDOM_KEEP, call_random_keep, {"x", "p"}},
    {"unscale", 2, 2, 0, call_unscale, {"x", "field"}},
    {"columns", 1, 1, 0, call_columns, {"range"}},
    {"column", 1, 3, 0, call_columns, {"which", "names", "text"}},
    {"missing", 1, 1, 0, call_columns, {"which"}},
    {"image", 1, 2, 0, call_columns, {"which", "missing"}},
    {"days", 1, 1, 0, call_date, {"x"}},
    {"seconds_of_day", 1, 1, 0, call_date, {"x"}},
    {"weekday", 1, 1, 0, call_date, {"x"}},
    {"month", 1, 1, 0, call_date, {"x"}},
    {"year", 1, 1, 0, call_date, {"x"}},
    {"day_of_year", 1, 1, 0, call_date, {"x"}},
    {"stop_gradient", 1, 1, 0, call_stop_gradient, {"x"}},
    {"global_norm", 1, 1, 0, call_global_norm, {"g"}},
};

enum { BUILTIN_COUNT = (int)(sizeof builtins / sizeof *builtins) };

static const struct builtin *find(const char *name)
{
    for (int i = 0; i < BUILTIN_COUNT; i++)
        if (!strcmp(builtins[i].name, name))
            return &builtins[i];
    return NULL;
}

bool builtin_exists(const char *name)
{
    return find(name) != NULL;
}

bool builtin_map(const char *name, enum op *op)
{
    const struct builtin *b = find(name);
    if (b && b->call == call_map)
        *op = b->op;
    return b && b->call == call_map;
}

bool builtin_takes_value(const char *name)
{
    const struct builtin *b = find(name);
    return b && b->least >= 1 && b->call != call_columns;
}

const char *builtin_name(int i)
{
    return i < BUILTIN_COUNT ? builtins[i].name : NULL;
}

struct value builtin_call(struct lower *l, struct frame *frame, const char *name,
                          struct arguments *a, const char *path, struct span span)
{
    const struct builtin *b = find(name);
    for (int i = 0; i < a->count; i++)
        if (a->item[i].kind == V_ERROR)
            return value_error();
    return b->call(l, frame, b, a, path, span);
}

/* ---- values ---- */
static double fan(const struct shape *s, bool out)
{
    double field = 1;
    if (s->rank == 0)
        return 1;
    if (s->rank == 1)
        return (double)s->dim[0];
    for (int i = 0; i < s->rank - 2; i++)
        field *= (double)s->dim[i];
    return field * (double)s->dim[s->rank - 1 - !out];
}

/* How often the parameter at hand was updated: the step, unless it is frozen for a time. */
static struct value updates_value(struct lower *l, struct frame *frame, struct span span)
{
    struct attr attr = {.step_value = VALUE_STEP};
    struct shape scalar = shape_scalar();
    if (!l->optimizing) {
        lower_error(l, frame, span, "'updates' is known in the body of an optimizer only");
        return value_error();
    }
    int node = l->updates >= 0
                   ? l->updates
                   : graph_add_shaped(l->graph, OP_STEP_VALUE, 0, NULL, &attr, I32, &scalar);
    return value_tensor(l, node, false, span);
}

/* In an output they are stand-ins: only what the output depends on matters. */
static bool step_known(struct lower *l, struct frame *frame, enum step_value value)
{
    if (frame->role == ROLE_CONST || frame->role == ROLE_TRAIN || frame->role == ROLE_DATA)
        return false;
    return l->phase == PHASE_TRAIN || l->phase == PHASE_EVALUATE || l->phase == PHASE_FINISH
           || l->phase == PHASE_PREDICT || (l->phase == PHASE_AUGMENT && value == VALUE_EPOCH);
}

static bool step_value(struct lower *l, struct frame *frame, const char *name, struct span span,
                       struct value *out)
{
    static const struct { const char *name; enum step_value value; } table[] = {
        {"step", VALUE_STEP}, {"steps", VALUE_STEPS}, {"epoch", VALUE_EPOCH}, {"rows", VALUE_ROWS}};
    for (int i = 0; i < 4; i++) {
        if (strcmp(name, table[i].name))
            continue;
        struct attr attr = {.step_value = table[i].value};
        int weights = l->program->data.total_weight;
        struct shape scalar = shape_scalar();
        if (!step_known(l, frame, table[i].value)) {
            lower_error(l, frame, span, "'%s' is not known in %s", name, role_name(frame->role));
            *out = value_error();
            return true;
        }
        if (table[i].value == VALUE_ROWS && l->phase == PHASE_FINISH && weights >= 0) {
            int sum = graph_unary(l->graph, OP_EXACT_SUM, lower_read(l, weights));
            *out = value_tensor(l, sum, false, span);
            return true;
        }
        int whole = graph_add_shaped(l->graph, OP_STEP_VALUE, 0, NULL, &attr, I32, &scalar);
        *out = value_tensor(l, graph_to(l->graph, F32, whole), false, span);
        if (l->phase == PHASE_PREDICT)
            lower_add_stand_in(
                l, out->node,
                arena_printf(l->arena, "'%s', which is known in training only", name));
        return true;
    }
    return false;
}

bool builtin_value(struct lower *l, struct frame *frame, const char *name, struct span span,
                   struct value *out)
{
    bool initialiser = frame->parameter != NULL;
    if (!strcmp(name, "true") || !strcmp(name, "false"))
        *out = value_bool(*name == 't', span);
    else if (!strcmp(name, "none"))
        *out = value_none(span);
    else if (!strcmp(name, "pi"))
        *out = value_number(3.14159265358979323846, span);
    else if (!strcmp(name, "inf"))
        *out = value_number(INFINITY, span);
    else if (!strcmp(name, "balanced"))
        *out = lower_balanced(l, frame, span);
    else if (!strcmp(name, "training"))
        *out = value_bool(l->training, span);
    else if (!strcmp(name, "updates"))
        *out = updates_value(l, frame, span);
    else if (initialiser && !strcmp(name, "shape"))
        *out = shape_value(l, frame->parameter, span);
    else if (initialiser && (!strcmp(name, "fan_in") || !strcmp(name, "fan_out")))
        *out = value_number(fan(frame->parameter, name[4] == 'o'), span);
    else if (!strcmp(name, "shape") || !strcmp(name, "fan_in") || !strcmp(name, "fan_out")) {
        lower_error(l, frame, span, "'%s' exists in start values only, and this is %s", name,
                    role_name(frame->role));
        *out = value_error();
    } else
        return step_value(l, frame, name, span, out);
    return true;
}
