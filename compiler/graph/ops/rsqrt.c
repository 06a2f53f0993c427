#include "graph/ops/rules.h"

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    int cube = rule_mul(d, n->id, rule_unary(d, OP_SQUARE, n->id));
    gradient_add(d, n, 0, rule_mul(d, dy, rule_scale(d, -0.5f, cube)));
}

const struct op_def op_rsqrt = {
    OP_ROW(RSQRT, rsqrt),
    .doc = "reciprocal of the square root",
    .formula = "1 / sqrt(a)",
    .derivative = "g * (-1/2 * (y * y^2))",
    .bound = "1 ulp",
    .infer = rule_float_map,
    .gradient = gradient,
};
