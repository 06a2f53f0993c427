#include "graph/ops/rules.h"

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    if (gradient_wanted(d, n, 0))
        gradient_add(d, n, 0, rule_mul(d, dy, n->operand[1]));
    if (gradient_wanted(d, n, 1))
        gradient_add(d, n, 1, rule_mul(d, dy, n->operand[0]));
}

const struct op_def op_mul = {
    OP_ROW(MUL, mul),
    .doc = "product",
    .formula = "a * b",
    .derivative = "g * b to a, g * a to b",
    .bound = "0.5 ulp",
    .infer = rule_number_map,
    .gradient = gradient,
};
