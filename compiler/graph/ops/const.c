#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    (void)graph;
    if (n->attr.list)
        return n->dtype == F32 && n->shape.rows < 0 ? NULL : "a list is f32 of constant shape";
    if (n->dtype == BOOL && n->attr.whole != 0 && n->attr.whole != 1)
        return "a bool is 0 or 1";
    if (n->dtype == I32 && (n->attr.whole < INT32_MIN || n->attr.whole > INT32_MAX))
        return "the value does not fit i32";
    return NULL;
}

const struct op_def op_const = {
    OP_ROW(CONST, const),
    .attributes = ATTR_CONSTANT,
    .doc = "one value for all elements, or a list of them",
    .formula = "constant",
    .bound = "exact",
    .infer = infer,
};
