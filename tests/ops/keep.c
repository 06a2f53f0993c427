#include "harness.h"

/* Two carries that change places in every turn, one of them grown by the slice. */
static int build(struct graph *graph, const int *x)
{
    int loop = graph_add_loop(graph, graph_node(graph, x[0])->shape.dim[0], false, -1);
    int slice = graph_turn(graph, loop, x[0]);
    int p = graph_carry(graph, loop, x[1]), q = graph_carry(graph, loop, x[2]);
    graph_keep(graph, q, p);
    graph_keep(graph, graph_binary(graph, OP_MUL, p, slice), q);
    return graph_stack(graph, loop, graph_binary(graph, OP_SUB, p, q));
}

static const struct op_case cases[] = {
    {"exchange", {{F32, SHAPE(4, 1, 3), .batch = 2, .low = -2, .high = 2},
                  {F32, SHAPE(1, 3), .batch = 1, .low = -2, .high = 2},
                  {F32, SHAPE(1, 3), .batch = 1, .low = -2, .high = 2}}, 3, build},
};

const struct op_test test_keep = {.eval = eval_copy, .in_loop = true, CASES(cases)};
