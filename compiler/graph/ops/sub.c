#include "graph/ops/rules.h"

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    if (gradient_wanted(d, n, 0))
        gradient_add(d, n, 0, dy);
    if (gradient_wanted(d, n, 1))
        gradient_add(d, n, 1, rule_neg(d, dy));
}

const struct op_def op_sub = {
    OP_ROW(SUB, sub),
    .doc = "difference",
    .formula = "a - b",
    .derivative = "g to a, -g to b",
    .bound = "0.5 ulp",
    .infer = rule_number_map,
    .gradient = gradient,
};
