#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    const struct node *keep = rule_operand(graph, n, 0);
    if (keep->op != OP_KEEP || keep->attr.loop != n->attr.loop)
        return "the operand is no keep of the loop";
    n->dtype = keep->dtype;
    n->shape = keep->shape;
    return NULL;
}

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    gradient_add(d, n, 0, dy);
}

const struct op_def op_last = {
    OP_ROW(LAST, last),
    .attributes = ATTR_LOOP,
    .doc = "after a loop: what its last turn kept",
    .formula = "a of the last turn",
    .derivative = "g after the last turn",
    .bound = "exact",
    .infer = infer,
    .gradient = gradient,
};
