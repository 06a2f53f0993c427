#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    if (n->attr.whole < 1 || n->attr.whole > INT32_MAX)
        return "the bound must be 1 to 2^31 - 1";
    return rule_random(graph, n, I32);
}

const struct op_def op_random_integer = {
    OP_ROW(RANDOM_INTEGER, random_integer),
    .attributes = ATTR_RANDOM | ATTR_WHOLE,
    .doc = "whole numbers 0..n-1",
    .formula = "w * n >> 32",
    .bound = "exact",
    .infer = infer,
};
