#include "graph/ops/rules.h"

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    int to_a = rule_div(d, dy, n->operand[1]);
    gradient_add(d, n, 0, to_a);
    if (gradient_wanted(d, n, 1))
        gradient_add(d, n, 1, rule_neg(d, rule_mul(d, to_a, n->id)));
}

const struct op_def op_div = {
    OP_ROW(DIV, div),
    .doc = "quotient",
    .formula = "a / b",
    .derivative = "g / b to a, -((g / b) * y) to b",
    .bound = "0.5 ulp",
    .infer = rule_float_map,
    .gradient = gradient,
};
