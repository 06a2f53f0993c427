#include "graph/ops/rules.h"

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    gradient_add(d, n, 0, dy);
}

const struct op_def op_flush = {
    OP_ROW(FLUSH, flush),
    .doc = "as a lasting variable holds it: +0 for zeros and subnormal numbers",
    .formula = "|a| < 2^-126 ? +0 : a",
    .derivative = "g: that of a rounding",
    .bound = "exact",
    .infer = rule_float_map,
    .gradient = gradient,
};
