#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    const char *problem = rule_float_row(graph, n);
    n->dtype = I32;
    return problem;
}

const struct op_def op_row_argmax = {
    OP_ROW(ROW_ARGMAX, row_argmax),
    .doc = "index over the last axis of the first NaN, else of the first maximum",
    .formula = "argmax of a over the last axis",
    .bound = "exact",
    .infer = infer,
};
