#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    const struct node *g = rule_operand(graph, n, 0), *index = rule_operand(graph, n, 1);
    struct shape back;
    if (g->dtype != F32 || index->dtype != I32)
        return "g must be f32, the index i32";
    n->dtype = F32;
    const char *problem = rule_indexed(&n->shape, &index->shape, &back);
    return problem ? problem : shape_equal(&back, &g->shape) ? NULL : "g must be [p, r, c]";
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
