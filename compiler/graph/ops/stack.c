#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    const struct node *x = rule_operand(graph, n, 0);
    int64_t dim[RANK_MAX] = {graph->loop[n->attr.loop].turns};
    if (x->shape.rank == RANK_MAX)
        return "the rank would be out of range";
    for (int i = 0; i < x->shape.rank; i++)
        dim[i + 1] = x->shape.dim[i];
    n->dtype = x->dtype;
    n->shape = shape_of(x->shape.rank + 1, x->shape.rows < 0 ? -1 : x->shape.rows + 1, dim);
    return NULL;
}

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    int back = gradient_back(d, n->attr.loop);
    gradient_add(d, n, 0, graph_turn(gradient_graph(d), back, dy));
}

const struct op_def op_stack = {
    OP_ROW(STACK, stack),
    .attributes = ATTR_LOOP,
    .doc = "after a loop: the values of all turns, each at its place",
    .formula = "y[t] = a of turn t",
    .derivative = "the slice g[t] in each turn",
    .bound = "exact",
    .infer = infer,
    .gradient = gradient,
};
