#include "graph/ops/rules.h"

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    gradient_add(d, n, 0, rule_mul(d, dy, rule_scale(d, 2.0f, n->operand[0])));
}

const struct op_def op_square = {
    OP_ROW(SQUARE, square),
    .doc = "the number times itself",
    .formula = "a * a",
    .derivative = "g * (2 * a)",
    .bound = "0.5 ulp",
    .infer = rule_float_map,
    .gradient = gradient,
};
