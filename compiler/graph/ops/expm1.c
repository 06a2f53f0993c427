#include "graph/ops/rules.h"

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    gradient_add(d, n, 0, rule_mul(d, dy, rule_unary(d, OP_EXP, n->operand[0])));
}

const struct op_def op_expm1 = {
    OP_ROW(EXPM1, expm1),
    .doc = "e^a - 1, accurate near 0",
    .formula = "e^a - 1",
    .derivative = "g * e^a, which stays accurate where y is near -1",
    .bound = "1 ulp",
    .infer = rule_float_map,
    .gradient = gradient,
};
