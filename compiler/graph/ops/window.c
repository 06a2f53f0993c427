#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    const struct shape *a = &rule_operand(graph, n, 0)->shape, *s = &n->shape;
    int first, axes = window_axes(s, &n->attr, &first);
    n->dtype = F32;
    if (rule_dtype(graph, n, 0, F32))
        return "operand must be f32";
    if (s->rank != a->rank + axes || rule_windows(s, &n->attr))
        return "the axes of windows are out of range";
    for (int i = 0; i < a->rank; i++)
        if ((i < first || i >= first + axes) &&
            s->dim[i < first ? i : i + axes] != a->dim[i])
            return "an axis changes that is none of windows";
    int rows = a->rows < first + axes ? a->rows : a->rows + axes;
    return s->rows == rows ? NULL : "the batch's rows move";
}

/* Do the windows cut the axes into pieces, so that each element is one tap of one of them? */
static bool windows_tile(const struct node *n, const struct shape *whole, int first, int count)
{
    for (int i = 0; i < count; i++) {
        struct window_axis axis = window_axis(&n->attr, first, count, i);
        int64_t windows = n->shape.dim[first + i], taps = n->shape.dim[first + count + i];
        if (axis.stride != taps || axis.before != 0 || (axis.dilation != 1 && taps > 1) ||
            windows * taps != whole->dim[first + i])
            return false;
    }
    return true;
}

/* dy, whose taps stand beside their windows, in the shape of what they cut up. */
static int put_together(struct graph *graph, int dy, const struct shape *whole, int first,
                        int count)
{
    int perm[RANK_MAX];
    for (int i = 0; i < RANK_MAX; i++)
        perm[i] = i;
    for (int i = 0; i < 2 * count; i++)
        perm[first + i] = first + i / 2 + i % 2 * count;
    return graph_reshape(graph, graph_transpose(graph, dy, perm), whole);
}

/* An element adds the taps that saw it, ascending from +0. */
static void gradient(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    const struct shape *shape = &rule_operand(graph, n, 0)->shape;
    struct shape seen = n->shape;
    int first, count = window_axes(&seen, &n->attr, &first);
    if (windows_tile(n, shape, first, count)) {
        int whole = put_together(graph, dy, shape, first, count);
        gradient_add(d, n, 0, graph_binary(graph, OP_ADD, graph_const(graph, 0.0f), whole));
        return;
    }
    for (int i = first; i < first + count; i++)
        seen.dim[i] = shape->dim[i];
    int taps = graph_add_shaped(graph, OP_UNWINDOW, 1, &dy, &n->attr, F32, &seen);
    uint32_t axes = ((1u << count) - 1) << (first + count);
    gradient_add(d, n, 0, graph_reshape(graph, graph_sum(graph, taps, axes), shape));
}

const struct op_def op_window = {
    OP_ROW(WINDOW, window),
    .attributes = ATTR_START | ATTR_STEP | ATTR_VALUE,
    .doc = "axes seen through windows: [.., n.., ..] as [.., o.., k.., ..], where tap k of window "
           "o is element o * stride + k * dilation - before; outside stands the value",
    .formula = "a[o * stride + k * dilation - before]",
    .derivative = "for each element the sum of g over the taps that are it, ascending",
    .bound = "exact",
    .infer = infer,
    .gradient = gradient,
};
