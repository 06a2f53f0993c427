#include "core/exact.h"
#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    n->dtype = F32;
    if (n->count < 1 || n->count > 2)
        return "a spread is of digits, or of digits and those of the weights' sum";
    const char *problem = n->count == 2 ? rule_of_digits(graph, n, 1, INV_EXACT_WORDS) : NULL;
    if (!problem && n->count == 2 && n->shape.rank > 0)
        return "weights have one sum";
    if (!problem)
        problem = rule_of_digits(
            graph, n, 0, n->count == 1 ? INV_EXACT_SPREAD_WORDS : INV_EXACT_WEIGHTED_WORDS);
    return problem;
}

const struct op_def op_exact_spread = {
    OP_ROW(EXACT_SPREAD, exact_spread),
    .attributes = ATTR_WHOLE,
    .doc = "sum of the squares of the distances of rows * whole numbers from their mean, rounded "
           "once, from digits of column_spread, [46, ..]; with weights from [74, ..] and the "
           "digits [16] of the sum of the rows' weights, each of which `whole` numbers have",
    .formula = "Q - S^2 / W where S and Q are the sums of a, and W is rows * whole, or b * whole",
    .bound = "0.5 ulp",
    .infer = infer,
};
