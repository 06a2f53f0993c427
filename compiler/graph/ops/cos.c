#include "graph/ops/rules.h"

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    gradient_add(d, n, 0, rule_neg(d, rule_mul(d, dy, rule_unary(d, OP_SIN, n->operand[0]))));
}

const struct op_def op_cos = {
    OP_ROW(COS, cos),
    .doc = "cosine of an angle in radians",
    .formula = "cos(a)",
    .derivative = "-(g * sin(a))",
    .bound = "1 ulp",
    .infer = rule_float_map,
    .gradient = gradient,
};
