#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    (void)graph;
    n->dtype = I32;
    return n->attr.axis >= 0 && n->attr.axis < n->shape.rank ? NULL : "no such axis";
}

const struct op_def op_position = {
    OP_ROW(POSITION, position),
    .attributes = ATTR_AXIS,
    .doc = "the index of the element along an axis",
    .formula = "index along axis",
    .bound = "exact",
    .infer = infer,
};
