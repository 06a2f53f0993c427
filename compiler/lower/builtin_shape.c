/* Operators that change or tell the shape of an array. */
#include <string.h>
#include "lower/builtin.h"
#include "lower/limit.h"
#include "lower/optimizer.h"

struct value builtin_shape(struct lower *l, const struct shape *s, struct span span)
{
    struct value list = {.kind = V_LIST, .count = s->rank, .span = span};
    list.item = ARENA_ARRAY(l->arena, struct value, s->rank + 1);
    for (int i = 0; i < s->rank; i++)
        list.item[i] = value_number((double)s->dim[i], span);
    return list;
}

struct value call_reshape(struct lower *l, struct frame *frame, const struct builtin *b,
                          struct arguments *a, const char *path, struct span span)
{
    int rank;
    int64_t dim[RANK_MAX], n = 1;
    ARGUMENTS(2);
    v[0] = value_to_tensor(l, v[0]);
    if (v[0].kind == V_ERROR || !builtin_dims(l, frame, v[1], &rank, dim))
        return value_error();
    for (int i = 0; i < rank; i++)
        n *= dim[i];
    if (n != value_elements(l, v[0])) {
        struct diag *d =
            lower_error(l, frame, span, "%s has %lld elements, and the new shape %lld",
                        value_describe(l, v[0]), (long long)value_elements(l, v[0]), (long long)n);
        diag_note(d, value_node(l, v[0])->span, "%s comes from here", value_describe(l, v[0]));
        return value_error();
    }
    return value_reshape(l, v[0], rank, dim);
}

struct value call_transpose(struct lower *l, struct frame *frame, const struct builtin *b,
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
        if (!builtin_axis(l, frame, v[1].item[i], rank, &axis))
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

/* concat(a, b, ..., axis = 0) */
struct value call_concat(struct lower *l, struct frame *frame, const struct builtin *b,
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
    if (count < 1 || !builtin_axis(l, frame, axis_value, value_rank(l, v[0]), &axis)) {
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
        node[i] = (per_row ? value_spread(l, v[i]) : v[i]).node;
    }
    return value_tensor(l, graph_concat(l->graph, count, node, axis + per_row), per_row, span);
}

/* split(x, n): n equal parts of the last axis */
struct value call_split(struct lower *l, struct frame *frame, const struct builtin *b,
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

struct value call_broadcast(struct lower *l, struct frame *frame, const struct builtin *b,
                            struct arguments *a, const char *path, struct span span)
{
    int rank;
    int64_t dim[RANK_MAX];
    ARGUMENTS(2);
    struct value x = value_to_tensor(l, v[0]);
    if (x.kind == V_ERROR || !builtin_dims(l, frame, v[1], &rank, dim))
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

struct value call_elements(struct lower *l, struct frame *frame, const struct builtin *b,
                           struct arguments *a, const char *path, struct span span)
{
    ARGUMENTS(1);
    struct value x = value_to_tensor(l, v[0]);
    l->updates->asked_size = true;
    return x.kind == V_ERROR ? x : value_number((double)value_elements(l, x), span);
}

struct value call_dims(struct lower *l, struct frame *frame, const struct builtin *b,
                       struct arguments *a, const char *path, struct span span)
{
    struct shape row = {.rows = -1};
    ARGUMENTS(1);
    struct value x = value_to_tensor(l, v[0]);
    l->updates->asked_size = true;
    if (x.kind == V_ERROR)
        return x;
    for (; row.rank < value_rank(l, x); row.rank++)
        row.dim[row.rank] = value_dim(l, x, row.rank);
    return builtin_shape(l, &row, span);
}

struct value call_position(struct lower *l, struct frame *frame, const struct builtin *b,
                           struct arguments *a, const char *path, struct span span)
{
    int axis;
    int64_t dim[RANK_MAX];
    ARGUMENTS(2);
    struct value x = value_to_tensor(l, v[0]);
    if (x.kind == V_ERROR)
        return x;
    int rank = value_rank(l, x);
    if (!builtin_axis(l, frame, v[1], rank, &axis))
        return value_error();
    for (int i = 0; i < rank; i++)
        dim[i] = value_dim(l, x, i);
    struct shape shape = shape_rows(rank, dim, false);
    struct attr attr = {.axis = axis};
    return value_tensor(l, graph_add_shaped(l->graph, OP_POSITION, 0, NULL, &attr, I32, &shape),
                        false, span);
}
