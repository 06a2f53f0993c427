#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    const struct node *x = rule_operand(graph, n, 0), *index = rule_operand(graph, n, 1);
    struct shape back;
    if (x->dtype != F32 || index->dtype != I32)
        return "x must be f32, the index i32";
    n->dtype = I32;
    const char *problem = rule_indexed(&n->shape, &index->shape, &back);
    return problem ? problem : shape_equal(&back, &x->shape) ? NULL : "x must be [p, r, c]";
}

const struct op_def op_segment_argmax = {
    OP_ROW(SEGMENT_ARGMAX, segment_argmax),
    .doc = "per p, which row of x with that index has the largest element (the first NaN, else the "
           "lowest r of the maximum); -1 where no row has it",
    .formula = "out[p, n, c] = the r with index[p, r] = n whose x[p, r, c] is largest",
    .bound = "exact",
    .infer = infer,
};
