#include "harness.h"

#include <string.h>

static void eval(struct oracle *o, const struct node *n)
{
    int64_t count = oracle_elements(o, &n->shape);
    const double *slice = oracle_operand(o, n, 0) + o->turn[n->attr.loop] * count;
    memcpy(o->value[n->id], slice, sizeof(double) * (size_t)count);
}

/* Each slice times its square, of all turns. */
static int build(struct graph *graph, const int *x, bool reverse)
{
    int loop = graph_add_loop(graph, graph_node(graph, x[0])->shape.dim[0], reverse, -1);
    int slice = graph_turn(graph, loop, x[0]);
    int cube = graph_binary(graph, OP_MUL, slice, graph_unary(graph, OP_SQUARE, slice));
    return graph_stack(graph, loop, cube);
}

static int build_forward(struct graph *graph, const int *x)
{
    return build(graph, x, false);
}

static int build_reverse(struct graph *graph, const int *x)
{
    return build(graph, x, true);
}

static const struct op_case cases[] = {
    {"rows", {{F32, SHAPE(4, 1, 3), .batch = 2, .low = -2, .high = 2}}, 1, build_forward},
    {"reverse", {{F32, SHAPE(4, 1, 3), .batch = 2, .low = -2, .high = 2}}, 1, build_reverse},
    {"vector", {{F32, SHAPE(5), .low = -2, .high = 2}}, 1, build_forward},
    {"once", {{F32, SHAPE(1, 2), .low = -2, .high = 2}}, 1, build_forward},
};

const struct op_test test_turn = {.eval = eval, .in_loop = true, CASES(cases)};
