/* Operators that read or add where an index says. */
#include "lower/builtin.h"

/* Puts `count` axes of a row, from `from` on, at `to`; the others keep their order. */
static struct value move_axes(struct lower *l, struct value v, int from, int count, int to)
{
    int perm[RANK_MAX], rank = value_rank(l, v), other = 0, rows = v.per_row;
    perm[0] = 0;
    for (int i = 0; i < rank; i++) {
        bool moved = i >= to && i < to + count;
        other += other == from ? count : 0;
        perm[rows + i] = rows + (moved ? from + i - to : other++);
    }
    if (from != to)
        v.node = graph_transpose(l->graph, v.node, perm);
    return v;
}

/* x [n, ...] at the places of an index: [index ..., ...].  Where `shared` x is the same in all
 * rows, whose indices then read it together; else either has rows, or neither. */
static struct value read_first(struct lower *l, struct value x, struct value index, bool shared)
{
    int64_t dim[RANK_MAX] = {1, value_dim(l, x, 0), 1}, out[RANK_MAX];
    int n = 0;
    for (int i = 0; i < value_rank(l, index); i++)
        out[n++] = value_dim(l, index, i);
    for (int i = 1; i < value_rank(l, x); i++)
        dim[2] *= out[n++] = value_dim(l, x, i);
    struct shape shape = shape_of(3, x.per_row ? 0 : -1, dim);
    int from = graph_reshape(l->graph, x.node, &shape);
    dim[1] = value_elements(l, index);
    shape = shape_of(2, index.per_row ? shared : -1, dim);
    int taken = graph_take(l->graph, from, graph_reshape(l->graph, index.node, &shape));
    shape = shape_rows(n, out, index.per_row);
    return value_tensor(l, graph_reshape(l->graph, taken, &shape), index.per_row, index.span);
}

/* Has x the axis (else 0) that is given, and the result no more axes than there may be? */
static bool axis_is_read(struct lower *l, struct frame *frame, struct value x, struct value index,
                         const struct value *at, struct span span, int *axis)
{
    *axis = 0;
    if (at && !builtin_axis(l, frame, *at, value_rank(l, x), axis))
        return false;
    int rank = value_rank(l, x) + value_rank(l, index) - 1;
    return rank == 0 || builtin_axis_fits(l, frame, rank - 1, span);
}

/* gather(table, index, axis = 0): places of an axis of a shared table */
struct value call_gather(struct lower *l, struct frame *frame, const struct builtin *b,
                         struct arguments *a, const char *path, struct span span)
{
    int axis;
    ARGUMENTS(3);
    struct value table = value_to_f32(l, v[0]);
    if (table.kind == V_ERROR || !builtin_indices(l, frame, b, v[1]))
        return value_error();
    if (table.per_row || value_rank(l, table) < 1) {
        lower_error(l, frame, span,
                    "'gather' reads a table shared by all rows, not %s; 'take' reads a row's own",
                    value_describe(l, table));
        return value_error();
    }
    if (!axis_is_read(l, frame, table, v[1], given[2] ? &v[2] : NULL, span, &axis))
        return value_error();
    struct value out = read_first(l, move_axes(l, table, axis, 1, 0), v[1], true);
    out = move_axes(l, out, 0, value_rank(l, v[1]), axis);
    return value_tensor(l, out.node, out.per_row, span);
}

/* take(x, index, axis = 0): places of an axis of this row's x */
struct value call_take(struct lower *l, struct frame *frame, const struct builtin *b,
                       struct arguments *a, const char *path, struct span span)
{
    int axis;
    ARGUMENTS(3);
    struct value x = value_to_f32(l, v[0]), index = v[1];
    if (x.kind == V_ERROR || !builtin_indices(l, frame, b, index))
        return value_error();
    if (value_rank(l, x) < 1) {
        lower_error(l, frame, span, "'take' reads along an axis, and %s has none",
                    value_describe(l, x));
        return value_error();
    }
    if (!axis_is_read(l, frame, x, index, given[2] ? &v[2] : NULL, span, &axis))
        return value_error();
    if (x.per_row || index.per_row) {
        x = value_spread(l, x);
        index = value_spread(l, index);
    }
    struct value out = read_first(l, move_axes(l, x, axis, 1, 0), index, false);
    out = move_axes(l, out, 0, value_rank(l, index), axis);
    return value_tensor(l, out.node, out.per_row, span);
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
struct value call_neighbour(struct lower *l, struct frame *frame, const struct builtin *b,
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
    struct shape rows = shape_of(3, 1, (int64_t[]){1, 1, value_elements(l, x)});
    int before = row_before(l->graph);
    int taken = graph_take(l->graph, graph_reshape(l->graph, x.node, &rows), before);
    return value_tensor(l, graph_reshape(l->graph, taken, &shape), true, span);
}

/* pick(z, y): z [..., k], y class[..., k] -> [...] */
struct value call_pick(struct lower *l, struct frame *frame, const struct builtin *b,
                       struct arguments *a, const char *path, struct span span)
{
    int64_t dim[RANK_MAX], out[RANK_MAX];
    ARGUMENTS(2);
    struct value z = value_to_f32(l, v[0]), y = v[1];
    if (z.kind == V_ERROR || !builtin_indices(l, frame, b, y))
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
    dim[0] = value_elements(l, y), dim[1] = value_dim(l, z, rank), dim[2] = 1;
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
    int64_t n = value_dim(l, x, axis), dim[] = {value_elements(l, x) / n, n, 1};
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
struct value call_take_along(struct lower *l, struct frame *frame, const struct builtin *b,
                             struct arguments *a, const char *path, struct span span)
{
    int axis;
    ARGUMENTS(3);
    v[0] = value_to_f32(l, v[0]);
    if (v[0].kind == V_ERROR || !builtin_indices(l, frame, b, v[1]) ||
        !builtin_axis(l, frame, given[2] ? v[2] : value_number(-1, span), value_rank(l, v[0]),
                      &axis))
        return value_error();
    if (!values_alike(l, v[0], v[1], axis)) {
        lower_error(l, frame, span, "'%s' along axis %d: %s and %s differ in another axis", b->name,
                    axis, value_describe(l, v[0]), value_describe(l, v[1]));
        return value_error();
    }
    values_spread(l, 2, v);
    int places = as_pages(l, v[1], axis, true), from = as_pages(l, v[0], axis, false);
    int pages = graph_take(l->graph, from, places);
    return of_pages(l, pages, v[0], axis, span);
}

/* How many places rows are added to. */
static bool places_of(struct lower *l, struct frame *frame, const struct builtin *b, struct value v,
                      int64_t *n)
{
    bool good = value_whole(v, n) && *n >= 1 && *n <= INT32_MAX;
    if (!good)
        lower_error(l, frame, v.span, "'%s' takes a whole number of places from 1, not %s", b->name,
                    value_describe(l, v));
    return good;
}

/* scatter_add(x, index, n, axis = -1): x added up along the axis where the index says */
struct value call_scatter_add(struct lower *l, struct frame *frame, const struct builtin *b,
                              struct arguments *a, const char *path, struct span span)
{
    int axis;
    int64_t n;
    ARGUMENTS(4);
    v[0] = value_to_f32(l, v[0]);
    if (v[0].kind == V_ERROR || !builtin_indices(l, frame, b, v[1]) ||
        !places_of(l, frame, b, v[2], &n) ||
        !builtin_axis(l, frame, given[3] ? v[3] : value_number(-1, span), value_rank(l, v[0]),
                      &axis))
        return value_error();
    if (!values_alike(l, v[0], v[1], -1)) {
        lower_error(l, frame, span, "'%s' takes values of one shape, not %s and %s", b->name,
                    value_describe(l, v[0]), value_describe(l, v[1]));
        return value_error();
    }
    values_spread(l, 2, v);
    int places = as_pages(l, v[1], axis, true), from = as_pages(l, v[0], axis, false);
    int pages = graph_segment(l->graph, OP_SCATTER_ADD, from, places, n);
    return of_pages(l, pages, v[0], axis, span);
}

/* segment_sum(x, index, n): x [r, ..], index [r] -> [n, ..]; segment_argmax likewise */
struct value call_segment(struct lower *l, struct frame *frame, const struct builtin *b,
                          struct arguments *a, const char *path, struct span span)
{
    int64_t n, dim[RANK_MAX];
    ARGUMENTS(3);
    v[0] = value_to_f32(l, v[0]);
    if (v[0].kind == V_ERROR || !builtin_indices(l, frame, b, v[1]) ||
        !places_of(l, frame, b, v[2], &n))
        return value_error();
    int rank = value_rank(l, v[0]);
    if (rank < 1 || value_rank(l, v[1]) != 1 || value_dim(l, v[0], 0) != value_dim(l, v[1], 0)) {
        lower_error(l, frame, span, "'%s' takes f32[r, ...] and int[r], not %s and %s", b->name,
                    value_describe(l, v[0]), value_describe(l, v[1]));
        return value_error();
    }
    bool per_row = values_spread(l, 2, v);
    int64_t r = value_dim(l, v[0], 0), form[] = {1, r, value_elements(l, v[0]) / r};
    struct shape x = shape_of(3, per_row ? 0 : -1, form), index = shape_of(2, x.rows, form);
    int places = graph_reshape(l->graph, v[1].node, &index);
    int out = graph_segment(l->graph, b->op, graph_reshape(l->graph, v[0].node, &x), places, n);
    for (int i = 0; i < rank; i++)
        dim[i] = i == 0 ? n : value_dim(l, v[0], i);
    struct shape shape = shape_rows(rank, dim, per_row);
    return value_tensor(l, graph_reshape(l->graph, out, &shape), per_row, span);
}

struct value call_one_hot(struct lower *l, struct frame *frame, const struct builtin *b,
                          struct arguments *a, const char *path, struct span span)
{
    int64_t k = 0;
    ARGUMENTS(2);
    if (!builtin_indices(l, frame, b, v[0]))
        return value_error();
    if (given[1] ? !value_whole(v[1], &k) || k < 1 : !(k = v[0].classes)) {
        lower_error(
            l, frame, span,
            "'one_hot' of a value that is no class needs the number of classes: one_hot(i, 10)");
        return value_error();
    }
    if (!builtin_axis_fits(l, frame, value_rank(l, v[0]), span))
        return value_error();
    int node = graph_to(l->graph, F32, graph_one_hot(l->graph, v[0].node, k));
    return value_tensor(l, node, v[0].per_row, span);
}
