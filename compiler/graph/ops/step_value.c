#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    (void)graph;
    n->dtype = I32;
    n->shape = shape_scalar();
    return n->attr.step_value <= VALUE_ROWS ? NULL : "no such step value";
}

const struct op_def op_step_value = {
    OP_ROW(STEP_VALUE, step_value),
    .attributes = ATTR_STEP_VALUE,
    .doc = "a number of the running step: step, steps, epoch (from 0) or rows of the "
           "batch",
    .formula = "step, steps, epoch or rows",
    .bound = "exact",
    .infer = infer,
};
