#include "harness.h"

/* A product that reads what does not change, and one that carries: h = h w * a[t] + h. */
static int build(struct graph *graph, const int *x)
{
    int loop = graph_add_loop(graph, graph_node(graph, x[0])->shape.dim[0], true, -1);
    int h = graph_carry(graph, loop, x[1]);
    int slice = graph_turn(graph, loop, x[0]);
    int grown = graph_binary(graph, OP_MUL, graph_matmul(graph, h, x[2]), slice);
    return graph_last(graph, graph_keep(graph, graph_binary(graph, OP_ADD, grown, h), h));
}

static const struct op_case cases[] = {
    {"rows", {{F32, SHAPE(4, 1, 3), .batch = 2, .low = -1, .high = 1},
              {F32, SHAPE(1, 3), .batch = 1, .low = -1, .high = 1},
              {F32, SHAPE(3, 3), .low = -1, .high = 1}}, 3, build},
};

const struct op_test test_last = {.eval = eval_copy, .in_loop = true, CASES(cases)};
