#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    struct shape windows = n->shape;
    const struct shape *a = &rule_operand(graph, n, 0)->shape;
    int first, axes = window_axes(&n->shape, &n->attr, &first);
    n->dtype = F32;
    if (a->rank != n->shape.rank)
        return "the rank changes";
    for (int i = first; i < first + axes; i++)
        windows.dim[i] = a->dim[i];
    if (!shape_equal(&windows, a))
        return "an axis changes that is none of windows";
    return rule_dtype(graph, n, 0, F32) ? "operand must be f32" : rule_windows(a, &n->attr);
}

const struct op_def op_unwindow = {
    OP_ROW(UNWINDOW, unwindow),
    .attributes = ATTR_START | ATTR_STEP,
    .doc = "for each element that windows see, what stands at each tap by which they see it: "
           "[.., o.., k.., ..] as [.., n.., k.., ..]; +0 where no window sees it by that tap",
    .formula = "a[o, k] where n = o * stride + k * dilation - before, else +0",
    .bound = "exact",
    .infer = infer,
};
