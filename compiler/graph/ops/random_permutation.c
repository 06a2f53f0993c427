#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    if (n->shape.rank != 1 || n->shape.rows >= 0 || n->attr.domain == DOMAIN_SAMPLE)
        return "a permutation has one constant axis and is not drawn per sample";
    return rule_random(graph, n, I32);
}

const struct op_def op_random_permutation = {
    OP_ROW(RANDOM_PERMUTATION, random_permutation),
    .attributes = ATTR_RANDOM,
    .doc = "a permutation of 0..n-1, Fisher-Yates downwards",
    .formula = "permutation of 0..n-1",
    .bound = "exact",
    .infer = infer,
};
