#include "graph/ops/rules.h"

/* 0x1.62e43p-1 is ln 2. */
static void gradient(struct gradient *d, const struct node *n, int dy)
{
    gradient_add(d, n, 0, rule_mul(d, dy, rule_scale(d, 0x1.62e43p-1f, n->id)));
}

const struct op_def op_exp2 = {
    OP_ROW(EXP2, exp2),
    .doc = "binary exponential",
    .formula = "2^a",
    .derivative = "g * (ln 2 * y)",
    .bound = "1 ulp",
    .infer = rule_float_map,
    .gradient = gradient,
};
