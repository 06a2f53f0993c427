#include "graph/ops/rules.h"

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    gradient_add(d, n, 0, rule_neg(d, dy));
}

const struct op_def op_neg = {
    OP_ROW(NEG, neg),
    .doc = "the number with the other sign",
    .formula = "-a",
    .derivative = "-g",
    .bound = "exact",
    .infer = rule_number_map,
    .gradient = gradient,
};
