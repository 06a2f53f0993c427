#include "graph/ops/rules.h"

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    int above = graph_binary(graph, OP_ADD, graph_const(graph, 1.0f), n->operand[0]);
    gradient_add(d, n, 0, rule_div(d, dy, above));
}

const struct op_def op_log1p = {
    OP_ROW(LOG1P, log1p),
    .doc = "ln(1 + a), accurate near 0",
    .formula = "ln(1 + a)",
    .derivative = "g / (1 + a)",
    .bound = "1 ulp",
    .infer = rule_float_map,
    .gradient = gradient,
};
