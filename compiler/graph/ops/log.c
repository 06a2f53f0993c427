#include "graph/ops/rules.h"

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    gradient_add(d, n, 0, rule_div(d, dy, n->operand[0]));
}

const struct op_def op_log = {
    OP_ROW(LOG, log),
    .doc = "natural logarithm",
    .formula = "ln(a)",
    .derivative = "g / a",
    .bound = "1 ulp",
    .infer = rule_float_map,
    .gradient = gradient,
};
