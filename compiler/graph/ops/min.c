#include "graph/ops/rules.h"

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    int left = graph_binary(gradient_graph(d), OP_LE, n->operand[0], n->operand[1]);
    rule_either(d, n, left, dy);
}

const struct op_def op_min = {
    OP_ROW(MIN, min),
    .doc = "the lesser: NaN where either is NaN, -0 < +0",
    .formula = "min(a, b)",
    .derivative = "g to a where a <= b, else to b",
    .bound = "exact",
    .infer = rule_number_map,
    .gradient = gradient,
};
