#include "graph/ops/rules.h"

/* 0x1.62e43p-1 is ln 2. */
static void gradient(struct gradient *d, const struct node *n, int dy)
{
    gradient_add(d, n, 0, rule_div(d, dy, rule_scale(d, 0x1.62e43p-1f, n->operand[0])));
}

const struct op_def op_log2 = {
    OP_ROW(LOG2, log2),
    .doc = "binary logarithm",
    .formula = "log2(a)",
    .derivative = "g / (ln 2 * a)",
    .bound = "1 ulp",
    .infer = rule_float_map,
    .gradient = gradient,
};
