#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    n->dtype = rule_operand(graph, n, 0)->dtype;
    n->shape = rule_operand(graph, n, 0)->shape;
    return NULL;
}

const struct op_def op_stop_gradient = {
    OP_ROW(STOP_GRADIENT, stop_gradient),
    .doc = "the value, but no gradient flows back",
    .formula = "a",
    .bound = "exact",
    .infer = infer,
};
