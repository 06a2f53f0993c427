#include "harness.h"

/* Products of what came so far, the first slice's included. */
static int build(struct graph *graph, const int *x)
{
    int loop = graph_add_loop(graph, graph_node(graph, x[0])->shape.dim[0], false, -1);
    int before = graph_carry(graph, loop, x[1]);
    int product = graph_binary(graph, OP_MUL, before, graph_turn(graph, loop, x[0]));
    graph_keep(graph, product, before);
    return graph_stack(graph, loop, graph_binary(graph, OP_ADD, before, product));
}

/* A loop in a loop: the inner one begins anew in each turn of the outer one. */
static int build_nested(struct graph *graph, const int *x)
{
    const int64_t *dim = graph_node(graph, x[0])->shape.dim;
    int outer = graph_add_loop(graph, dim[0], false, -1);
    int inner = graph_add_loop(graph, dim[1], true, outer);
    int far = graph_carry(graph, outer, x[1]), slices = graph_turn(graph, outer, x[0]);
    int near = graph_carry(graph, inner, far), slice = graph_turn(graph, inner, slices);
    int keep = graph_keep(graph, graph_binary(graph, OP_MUL, near, slice), near);
    int last = graph_last(graph, keep);
    graph_keep(graph, graph_binary(graph, OP_ADD, last, far), far);
    return graph_stack(graph, outer, graph_stack(graph, inner, near));
}

static const struct op_case cases[] = {
    {"rows", {{F32, SHAPE(4, 1, 3), .batch = 2, .low = -2, .high = 2},
              {F32, SHAPE(1, 3), .batch = 1, .low = -2, .high = 2}}, 2, build},
    {"shared", {{F32, SHAPE(3, 2), .low = -2, .high = 2},
                {F32, SHAPE(2), .low = -2, .high = 2}}, 2, build},
    {"nested", {{F32, SHAPE(2, 3, 1, 2), .batch = 3, .low = -1, .high = 1},
                {F32, SHAPE(1, 2), .batch = 1, .low = -1, .high = 1}}, 2, build_nested},
};

const struct op_test test_carry = {.eval = eval_copy, .in_loop = true, CASES(cases)};
