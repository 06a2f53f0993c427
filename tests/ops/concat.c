#include "harness.h"

static void eval(struct oracle *o, const struct node *n)
{
    int axis = n->attr.axis;
    for (struct walk w = walk_start(o, &n->shape); walk_more(&w); walk_next(&w)) {
        int64_t index[RANK_MAX];
        int piece = 0;
        for (int i = 0; i < w.rank; i++)
            index[i] = w.index[i];
        while (index[axis] >= oracle_shape(o, n, piece)->dim[axis])
            index[axis] -= oracle_shape(o, n, piece++)->dim[axis];
        const struct shape *from = oracle_shape(o, n, piece);
        o->value[n->id][w.element] =
            oracle_operand(o, n, piece)[oracle_at(o, from, w.rank, index)];
    }
}

static int build_last(struct graph *graph, const int *x)
{
    return graph_concat(graph, 3, x, 2);
}

static int build_middle(struct graph *graph, const int *x)
{
    return graph_concat(graph, 2, x, 1);
}

static int build_vector(struct graph *graph, const int *x)
{
    return graph_concat(graph, 3, (int[]){x[0], x[1], x[0]}, 0);
}

static const struct op_case cases[] = {
    {"last",
     {{F32, SHAPE(1, 3, 1), .batch = 1, .low = -2, .high = 2},
      {F32, SHAPE(1, 3, 4), .batch = 1, .low = -2, .high = 2},
      {F32, SHAPE(1, 3, 2), .batch = 1, .low = -2, .high = 2}},
     3,
     build_last},
    {"middle",
     {{F32, SHAPE(2, 3, 5), .low = -2, .high = 2}, {F32, SHAPE(2, 1, 5), .low = -2, .high = 2}},
     2,
     build_middle},
    {"twice",
     {{F32, SHAPE(3), .low = -2, .high = 2}, {F32, SHAPE(1), .low = -2, .high = 2}},
     2,
     build_vector},
    {"whole",
     {{I32, SHAPE(2, 3, 5), .low = -9, .high = 9}, {I32, SHAPE(2, 1, 5), .low = -9, .high = 9}},
     2,
     build_middle},
};

const struct op_test test_concat = {.eval = eval, CASES(cases)};
