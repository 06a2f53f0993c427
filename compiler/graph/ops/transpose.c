#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    const struct node *a = rule_operand(graph, n, 0);
    unsigned seen = 0;
    n->dtype = a->dtype;
    n->shape = a->shape;
    for (int i = 0; i < a->shape.rank; i++) {
        int64_t from = n->attr.perm[i];
        if (from < 0 || from >= a->shape.rank || seen >> from & 1)
            return "not a permutation of the axes";
        seen |= 1u << from;
        n->shape.dim[i] = a->shape.dim[from];
        if (from == a->shape.rows)
            n->shape.rows = i;
    }
    return NULL;
}

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    int inverse[RANK_MAX];
    for (int i = 0; i < n->shape.rank; i++)
        inverse[n->attr.perm[i]] = i;
    gradient_add(d, n, 0, graph_transpose(gradient_graph(d), dy, inverse));
}

const struct op_def op_transpose = {
    OP_ROW(TRANSPOSE, transpose),
    .attributes = ATTR_PERM,
    .doc = "axes in another order: output axis i is input axis perm[i]",
    .formula = "a, axes permuted",
    .derivative = "g by the inverse permutation",
    .bound = "exact",
    .infer = infer,
    .gradient = gradient,
};
