#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    const struct node *a = rule_operand(graph, n, 0);
    struct shape shape;
    n->dtype = a->dtype;
    return shape_broadcast(&a->shape, &n->shape, &shape) && shape_equal(&shape, &n->shape)
               ? NULL
               : "the operand does not broadcast to the shape";
}

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    gradient_add(d, n, 0, dy);
}

const struct op_def op_broadcast = {
    OP_ROW(BROADCAST, broadcast),
    .doc = "axes of extent 1, and leading axes that are absent, repeated",
    .formula = "a, repeated",
    .derivative = "the sum of g over the repeated axes",
    .bound = "exact",
    .infer = infer,
    .gradient = gradient,
};
