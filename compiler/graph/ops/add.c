#include "graph/ops/rules.h"

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    gradient_add(d, n, 0, dy);
    gradient_add(d, n, 1, dy);
}

const struct op_def op_add = {
    OP_ROW(ADD, add),
    .doc = "sum",
    .formula = "a + b",
    .derivative = "g to both",
    .bound = "0.5 ulp",
    .infer = rule_number_map,
    .gradient = gradient,
};
