#include "graph/ops/rules.h"

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    gradient_add(d, n, 0, rule_mul(d, dy, rule_unary(d, OP_SIGN, n->operand[0])));
}

const struct op_def op_abs = {
    OP_ROW(ABS, abs),
    .doc = "magnitude",
    .formula = "|a|",
    .derivative = "g * sign(a): 0 at 0",
    .bound = "exact",
    .infer = rule_signed_map,
    .gradient = gradient,
};
