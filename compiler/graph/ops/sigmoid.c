#include "graph/ops/rules.h"

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    int other = graph_binary(graph, OP_SUB, graph_const(graph, 1.0f), n->id);
    gradient_add(d, n, 0, rule_mul(d, dy, rule_mul(d, n->id, other)));
}

const struct op_def op_sigmoid = {
    OP_ROW(SIGMOID, sigmoid),
    .doc = "logistic function",
    .formula = "1 / (1 + e^-a)",
    .derivative = "g * (y * (1 - y))",
    .bound = "1 ulp",
    .infer = rule_float_map,
    .gradient = gradient,
};
