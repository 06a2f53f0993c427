#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    if (!(n->attr.probability >= 0.0f && n->attr.probability < 1.0f))
        return "the probability must be in [0, 1)";
    return rule_random(graph, n, BOOL);
}

const struct op_def op_random_keep = {
    OP_ROW(RANDOM_KEEP, random_keep),
    .attributes = ATTR_RANDOM | ATTR_PROBABILITY,
    .doc = "false with the probability of dropping",
    .formula = "w >= floor(p * 2^32)",
    .bound = "exact",
    .infer = infer,
};
