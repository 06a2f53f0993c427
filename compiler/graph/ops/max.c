#include "graph/ops/rules.h"

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    int left = graph_binary(gradient_graph(d), OP_GE, n->operand[0], n->operand[1]);
    rule_either(d, n, left, dy);
}

const struct op_def op_max = {
    OP_ROW(MAX, max),
    .doc = "the greater: NaN where either is NaN, -0 < +0",
    .formula = "max(a, b)",
    .derivative = "g to a where a >= b, else to b",
    .bound = "exact",
    .infer = rule_number_map,
    .gradient = gradient,
};
