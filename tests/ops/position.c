#include "harness.h"

static void eval(struct oracle *o, const struct node *n)
{
    for (struct walk w = walk_start(o, &n->shape); walk_more(&w); walk_next(&w))
        o->value[n->id][w.element] = (double)w.index[n->attr.axis];
}

static int add(struct graph *graph, int x, int axis)
{
    struct attr attr = {.axis = axis};
    struct shape shape = graph_node(graph, x)->shape;
    int place = graph_add_shaped(graph, OP_POSITION, 0, NULL, &attr, I32, &shape);
    return graph_binary(graph, OP_MUL, x, graph_to(graph, F32, place));
}

static int build_first(struct graph *graph, const int *x)
{
    return add(graph, x[0], 0);
}

static int build_middle(struct graph *graph, const int *x)
{
    return add(graph, x[0], 1);
}

static int build_last(struct graph *graph, const int *x)
{
    return add(graph, x[0], 2);
}

static const struct op_case cases[] = {
    {"first", {{F32, SHAPE(1, 3, 5), .batch = 1, .low = -2, .high = 2}}, 1, build_first},
    {"middle", {{F32, SHAPE(1, 3, 5), .batch = 1, .low = -2, .high = 2}}, 1, build_middle},
    {"last", {{F32, SHAPE(1, 3, 5), .batch = 1, .low = -2, .high = 2}}, 1, build_last},
    {"single", {{F32, SHAPE(2, 1, 3), .low = -2, .high = 2}}, 1, build_middle},
};

const struct op_test test_position = {.eval = eval, .leaf = true, CASES(cases)};
