#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    const struct node *value = rule_operand(graph, n, 0), *carry = rule_operand(graph, n, 1);
    if (carry->op != OP_CARRY || carry->attr.loop != n->attr.loop)
        return "the second operand is no carry of the loop";
    n->dtype = carry->dtype;
    n->shape = carry->shape;
    return value->dtype == carry->dtype && shape_equal(&value->shape, &carry->shape)
               ? NULL
               : "the value has not the carry's type and shape";
}

/* dy: what reaches it from behind the loop, with which the carry of gradients begins. */
static void gradient(struct gradient *d, const struct node *n, int dy)
{
    int carried = graph_carry(gradient_graph(d), gradient_back(d, n->attr.loop), dy);
    d->carried[n->operand[1]] = carried;
    gradient_add(d, n, 0, carried);
}

const struct op_def op_keep = {
    OP_ROW(KEEP, keep),
    .attributes = ATTR_LOOP,
    .doc = "in a loop: what the carry b is in the next turn",
    .formula = "b = a",
    .derivative = "to a what the carry has in the next turn, in the last one g",
    .bound = "exact",
    .infer = infer,
    .gradient = gradient,
};
