#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    return rule_scattered(graph, n, I32);
}

const struct op_def op_segment_argmax = {
    OP_ROW(SEGMENT_ARGMAX, segment_argmax),
    .doc = "per p, which row of x with that index has the largest element (the first NaN, else the "
           "lowest r of the maximum); -1 where no row has it",
    .formula = "out[p, n, c] = the r with index[p, r] = n whose x[p, r, c] is largest",
    .bound = "exact",
    .infer = infer,
};
