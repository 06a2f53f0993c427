#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    const struct node *x = rule_operand(graph, n, 0);
    if (x->shape.rank < 1 || x->shape.rows == 0 ||
        x->shape.dim[0] != graph->loop[n->attr.loop].turns)
        return "the first axis is not that of the loop's turns";
    n->dtype = x->dtype;
    n->shape = shape_of(x->shape.rank - 1, x->shape.rows < 0 ? -1 : x->shape.rows - 1,
                        x->shape.dim + 1);
    return NULL;
}

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    int back = gradient_back(d, n->attr.loop);
    gradient_add(d, n, 0, graph_stack(gradient_graph(d), back, dy));
}

const struct op_def op_turn = {
    OP_ROW(TURN, turn),
    .attributes = ATTR_LOOP,
    .doc = "in a loop: the slice at the turn's place",
    .formula = "a[t]",
    .derivative = "g of all turns, stacked",
    .bound = "exact",
    .infer = infer,
    .gradient = gradient,
};
