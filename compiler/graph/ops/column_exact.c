#include "core/exact.h"
#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    return rule_digits(graph, n, INV_EXACT_WORDS);
}

const struct op_def op_column_exact = {
    OP_ROW(COLUMN_EXACT, column_exact),
    .doc = "exact sum over the middle axis of three, as digits (docs/numerics.md, section 3, rule "
           "10): [1, r, c] to [1, 16, c]",
    .formula = "the sum of a over the middle axis, unrounded",
    .bound = "exact",
    .infer = infer,
};
