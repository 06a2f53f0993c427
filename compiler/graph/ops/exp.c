#include "graph/ops/rules.h"

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    gradient_add(d, n, 0, rule_mul(d, dy, n->id));
}

const struct op_def op_exp = {
    OP_ROW(EXP, exp),
    .doc = "natural exponential",
    .formula = "e^a",
    .derivative = "g * y",
    .bound = "1 ulp",
    .infer = rule_float_map,
    .gradient = gradient,
};
