#include "graph/ops/rules.h"

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    int index = graph_unary(graph, OP_ROW_ARGMAX, n->operand[0]);
    gradient_add(d, n, 0, rule_chosen(d, n->operand[0], index, dy));
}

const struct op_def op_row_max = {
    OP_ROW(ROW_MAX, row_max),
    .doc = "maximum over the last axis",
    .formula = "max of a over the last axis",
    .derivative = "g to the lowest index of the maximum (of the first NaN, where there is "
           "one)",
    .bound = "exact",
    .infer = rule_float_row,
    .gradient = gradient,
};
