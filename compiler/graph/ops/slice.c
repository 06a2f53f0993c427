#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    const struct node *a = rule_operand(graph, n, 0);
    n->dtype = a->dtype;
    return rule_inside(&n->shape, &a->shape, n->attr.start);
}

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    gradient_add(d, n, 0, graph_pad(graph, dy, n->attr.start, &rule_operand(graph, n, 0)->shape));
}

const struct op_def op_slice = {
    OP_ROW(SLICE, slice),
    .attributes = ATTR_START,
    .doc = "a box of the elements, from start on each axis",
    .formula = "a[start .. start + extent - 1]",
    .derivative = "g placed in zeros",
    .bound = "exact",
    .infer = infer,
    .gradient = gradient,
};
