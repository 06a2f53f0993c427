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

/* An element adds the taps that saw it, ascending from +0. */
static void gradient(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    const struct shape *shape = &rule_operand(graph, n, 0)->shape;
    struct shape seen = n->shape;
    int first, count = window_axes(&seen, &n->attr, &first);
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
