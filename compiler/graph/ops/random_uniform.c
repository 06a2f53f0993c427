#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    return rule_random(graph, n, F32);
}

const struct op_def op_random_uniform = {
    OP_ROW(RANDOM_UNIFORM, random_uniform),
    .attributes = ATTR_RANDOM,
    .doc = "uniform in [0, 1): the upper 24 bits of a word",
    .formula = "(w >> 8) * 2^-24",
    .bound = "exact",
    .infer = infer,
};
