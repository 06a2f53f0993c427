#include "graph/ops/rules.h"

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    gradient_add(d, n, 0, rule_mul(d, dy, rule_unary(d, OP_COS, n->operand[0])));
}

const struct op_def op_sin = {
    OP_ROW(SIN, sin),
    .doc = "sine of an angle in radians",
    .formula = "sin(a)",
    .derivative = "g * cos(a)",
    .bound = "1 ulp",
    .infer = rule_float_map,
    .gradient = gradient,
};
