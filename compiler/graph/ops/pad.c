#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    const struct node *a = rule_operand(graph, n, 0);
    n->dtype = a->dtype;
    return rule_inside(&a->shape, &n->shape, n->attr.start);
}

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    gradient_add(d, n, 0, graph_slice(graph, dy, n->attr.start, &rule_operand(graph, n, 0)->shape));
}

const struct op_def op_pad = {
    OP_ROW(PAD, pad),
    .attributes = ATTR_START,
    .doc = "the elements placed in a larger whole of +0, from start on each axis",
    .formula = "a, surrounded by +0",
    .derivative = "the box of g where a lies",
    .bound = "exact",
    .infer = infer,
    .gradient = gradient,
};
