#include "graph/ops/rules.h"

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    int square = rule_unary(d, OP_SQUARE, n->id);
    int slope = graph_binary(graph, OP_SUB, graph_const(graph, 1.0f), square);
    gradient_add(d, n, 0, rule_mul(d, dy, slope));
}

const struct op_def op_tanh = {
    OP_ROW(TANH, tanh),
    .doc = "hyperbolic tangent",
    .formula = "tanh(a)",
    .derivative = "g * (1 - y^2)",
    .bound = "1 ulp",
    .infer = rule_float_map,
    .gradient = gradient,
};
