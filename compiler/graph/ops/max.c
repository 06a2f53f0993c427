#include "graph/ops/rules.h"

/* a >= y just where a >= b, NaN and signed zeros included.  The result is mostly kept for what
 * reads it, b (of relu, which is max(0, x)) often for nothing else: pass_grad takes b where it is
 * kept. */
static void gradient(struct gradient *d, const struct node *n, int dy)
{
    int left = graph_binary(gradient_graph(d), OP_GE, n->operand[0], n->id);
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
