#include "harness.h"

#include <string.h>

static void eval(struct oracle *o, const struct node *n)
{
    int64_t count = oracle_elements(o, oracle_shape(o, n, 0));
    double *place = o->value[n->id] + o->turn[n->attr.loop] * count;
    memcpy(place, oracle_operand(o, n, 0), sizeof(double) * (size_t)count);
}

/* What every slice of a and all of b are together, and what stands in no loop. */
static int build(struct graph *graph, const int *x)
{
    int loop = graph_add_loop(graph, graph_node(graph, x[0])->shape.dim[0], false, -1);
    int both = graph_binary(graph, OP_MUL, graph_turn(graph, loop, x[0]), x[1]);
    int same = graph_stack(graph, loop, graph_unary(graph, OP_SQUARE, x[1]));
    return graph_binary(graph, OP_MUL, graph_stack(graph, loop, both), same);
}

static const struct op_case cases[] = {
    {"rows", {{F32, SHAPE(4, 1, 3), .batch = 2, .low = -2, .high = 2},
              {F32, SHAPE(1, 3), .batch = 1, .low = -2, .high = 2}}, 2, build},
    {"shared", {{F32, SHAPE(4, 2, 3), .low = -2, .high = 2},
                {F32, SHAPE(2, 3), .low = -2, .high = 2}}, 2, build},
};

const struct op_test test_stack = {.eval = eval, .in_loop = true, CASES(cases)};
