#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    return rule_scattered(graph, n, F32);
}

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    gradient_add(d, n, 0, graph_take(gradient_graph(d), dy, n->operand[1]));
}

const struct op_def op_scatter_add = {
    OP_ROW(SCATTER_ADD, scatter_add),
    .doc = "the gradient of take: rows of g added where they were read, r ascending "
           "from +0",
    .formula = "out[p, n, c] = sum of g[p, r, c] over r with index[p, r] = n",
    .derivative = "g[p, index[p, r], c]: take",
    .bound = "0.5 ulp of the sum of |terms|, per addition in the longest chain",
    .infer = infer,
    .gradient = gradient,
};
