#include "core/exact.h"
#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    if (n->count < 1 || n->count > 2)
        return "a spread is of numbers, or of numbers and weights";
    return rule_digits(graph, n,
                       n->count == 1 ? INV_EXACT_SPREAD_WORDS : INV_EXACT_WEIGHTED_WORDS);
}

const struct op_def op_column_spread = {
    OP_ROW(COLUMN_SPREAD, column_spread),
    .doc = "exact sums over the middle axis of three, as digits: of a and a^2, [1, r, c] to "
           "[1, 46, c]; or with weights b, of a b and a^2 b, to [1, 74, c]",
    .formula = "the sums of a and of a^2, or of a b and of a^2 b, unrounded",
    .bound = "exact",
    .infer = infer,
};
