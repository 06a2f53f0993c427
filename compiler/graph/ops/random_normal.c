#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    return rule_random(graph, n, F32);
}

const struct op_def op_random_normal = {
    OP_ROW(RANDOM_NORMAL, random_normal),
    .attributes = ATTR_RANDOM,
    .doc = "normal of mean 0 and deviation 1, Box-Muller",
    .formula = "sqrt(-2 ln u1) * cos or sin of 2 pi u2",
    .bound = "5 ulp of the radius sqrt(-2 ln u1)",
    .infer = infer,
};
