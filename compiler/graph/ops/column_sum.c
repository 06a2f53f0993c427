#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    n->dtype = F32;
    return rule_dtype(graph, n, 0, F32) ? "operand must be f32" : rule_column(graph, n);
}

const struct op_def op_column_sum = {
    OP_ROW(COLUMN_SUM, column_sum),
    .attributes = ATTR_OVER,
    .doc = "sum over the middle axis of three, or over those named, row-major: a chain in chunks "
           "of 256 (numerics 3.5)",
    .formula = "sum of a over the middle axis",
    .derivative = "g to every element of the column",
    .bound = "0.5 ulp of the sum of |terms|, per addition in the longest chain",
    .infer = infer,
    .gradient = rule_spread,
};
