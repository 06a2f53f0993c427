#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    const struct node *init = rule_operand(graph, n, 0);
    n->dtype = init->dtype;
    n->shape = init->shape;
    return NULL;
}

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    gradient_add(d, n, 0, graph_last(graph, graph_keep(graph, dy, d->carried[n->id])));
}

const struct op_def op_carry = {
    OP_ROW(CARRY, carry),
    .attributes = ATTR_LOOP,
    .doc = "in a loop: what the turn before kept, in the first turn the operand",
    .formula = "a, then what is kept",
    .derivative = "to a what the first turn gives back, to what was kept in the turn before g",
    .bound = "exact",
    .infer = infer,
    .gradient = gradient,
};
