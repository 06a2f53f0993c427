#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    return rule_random(graph, n, F32);
}

const struct op_def op_random_truncated_normal = {
    OP_ROW(RANDOM_TRUNCATED_NORMAL, random_truncated_normal),
    .attributes = ATTR_RANDOM,
    .doc = "normal within 2 deviations: eight redraws, then clipped",
    .formula = "normal, redrawn beyond 2",
    .bound = "5 ulp of the radius sqrt(-2 ln u1)",
    .infer = infer,
};
