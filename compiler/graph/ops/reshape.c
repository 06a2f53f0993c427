#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    const struct node *a = rule_operand(graph, n, 0);
    n->dtype = a->dtype;
    if (shape_elements(&a->shape) != shape_elements(&n->shape))
        return "the number of elements changes";
    return (a->shape.rows < 0) == (n->shape.rows < 0) ? NULL : "the batch's rows appear or vanish";
}

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    gradient_add(d, n, 0, graph_reshape(graph, dy, &rule_operand(graph, n, 0)->shape));
}

const struct op_def op_reshape = {
    OP_ROW(RESHAPE, reshape),
    .doc = "the same elements in row-major order under another shape",
    .formula = "a, other shape",
    .derivative = "g in the shape of a",
    .bound = "exact",
    .infer = infer,
    .gradient = gradient,
};
