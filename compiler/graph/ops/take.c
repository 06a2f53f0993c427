#include "graph/ops/rules.h"

/* One element of each x[p, :, 0] was read: dy there, a map instead of a scatter. */
static int place_pick(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    const struct node *x = rule_operand(graph, n, 0);
    int low = graph_const_whole(graph, I32, 0);
    int high = graph_const_whole(graph, I32, x->shape.dim[1] - 1);
    int index = graph_binary(graph, OP_MAX, n->operand[1], low);
    index = graph_reshape(graph, graph_binary(graph, OP_MIN, index, high), &n->shape);
    return rule_where(d, rule_at(d, &x->shape, 1, index), dy);
}

static const char *infer(const struct graph *graph, struct node *n)
{
    const struct node *x = rule_operand(graph, n, 0), *index = rule_operand(graph, n, 1);
    if (index->dtype != I32 || (x->dtype != F32 && x->dtype != I32))
        return "x must be f32 or i32, the index i32";
    n->dtype = x->dtype;
    return rule_indexed(&x->shape, &index->shape, &n->shape);
}

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    const struct node *x = rule_operand(graph, n, 0);
    bool pick = n->shape.dim[1] == 1 && n->shape.rows != 1 && n->shape.dim[2] == 1 &&
                n->shape.rows != 2;
    int read[2] = {dy, n->operand[1]};
    gradient_add(d, n, 0, pick ? place_pick(d, n, dy)
                               : graph_add_shaped(graph, OP_SCATTER_ADD, 2, read, NULL, F32,
                                                  &x->shape));
}

const struct op_def op_take = {
    OP_ROW(TAKE, take),
    .doc = "per p, rows of x by index; an index outside 0..n-1 counts as the nearest "
           "inside; n may be the batch's rows where r is, too",
    .formula = "x[p, index[p, r], c]",
    .derivative = "scatter_add of g; where r and c are declared 1, g at the index and +0 "
           "elsewhere",
    .bound = "exact",
    .infer = infer,
    .gradient = gradient,
};
