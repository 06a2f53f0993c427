#include "graph/ops/rules.h"

/* 0x1.20dd76p+0 is 2/sqrt(pi). */
static void gradient(struct gradient *d, const struct node *n, int dy)
{
    int square = rule_unary(d, OP_SQUARE, n->operand[0]);
    int bell = rule_unary(d, OP_EXP, rule_neg(d, square));
    gradient_add(d, n, 0, rule_mul(d, dy, rule_scale(d, 0x1.20dd76p+0f, bell)));
}

const struct op_def op_erf = {
    OP_ROW(ERF, erf),
    .doc = "error function",
    .formula = "2/sqrt(pi) * integral of e^(-t^2) from 0 to a",
    .derivative = "g * (2/sqrt(pi) * e^(-a^2))",
    .bound = "1 ulp",
    .infer = rule_float_map,
    .gradient = gradient,
};
