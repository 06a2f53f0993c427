#include "core/exact.h"
#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    n->dtype = F32;
    return rule_of_digits(graph, n, 0, INV_EXACT_WORDS);
}

const struct op_def op_exact_sum = {
    OP_ROW(EXACT_SUM, exact_sum),
    .doc = "an exact sum, [16, ..] digits of column_exact, rounded once",
    .formula = "the sum that a holds",
    .bound = "0.5 ulp",
    .infer = infer,
};
