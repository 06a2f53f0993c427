#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    (void)graph;
    n->dtype = I32;
    n->shape = shape_scalar();
    return n->attr.step_value <= VALUE_BATCH ? NULL : "no such step value";
}

const struct op_def op_step_value = {
    OP_ROW(STEP_VALUE, step_value),
    .attributes = ATTR_STEP_VALUE,
    .doc = "a number of the running step: step, steps, epoch (from 0), rows of the "
           "batch, or of its shard at hand, and those of the batch",
    .formula = "step, steps, epoch, rows or batch",
    .bound = "exact",
    .infer = infer,
};
