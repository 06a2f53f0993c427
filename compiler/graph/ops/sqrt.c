#include "graph/ops/rules.h"

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    gradient_add(d, n, 0, rule_div(d, dy, rule_scale(d, 2.0f, n->id)));
}

const struct op_def op_sqrt = {
    OP_ROW(SQRT, sqrt),
    .doc = "square root, correctly rounded",
    .formula = "sqrt(a)",
    .derivative = "g / (2 * y): infinite at 0",
    .bound = "0.5 ulp",
    .infer = rule_float_map,
    .gradient = gradient,
};
