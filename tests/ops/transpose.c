#include "harness.h"

static void eval(struct oracle *o, const struct node *n)
{
    const struct shape *from = oracle_shape(o, n, 0);
    for (struct walk w = walk_start(o, &n->shape); walk_more(&w); walk_next(&w)) {
        int64_t index[RANK_MAX];
        for (int i = 0; i < w.rank; i++)
            index[n->attr.perm[i]] = w.index[i];
        o->value[n->id][w.element] = oracle_operand(o, n, 0)[oracle_at(o, from, w.rank, index)];
    }
}

static int build_swap(struct graph *graph, const int *x)
{
    return graph_transpose(graph, x[0], (int[]){1, 0});
}

static int build_turn(struct graph *graph, const int *x)
{
    return graph_transpose(graph, x[0], (int[]){2, 0, 1});
}

static int build_four(struct graph *graph, const int *x)
{
    return graph_transpose(graph, x[0], (int[]){0, 3, 1, 2});
}

static const struct op_case cases[] = {
    {"swap", {{F32, SHAPE(1, 5), .batch = 1, .low = -2, .high = 2}}, 1, build_swap},
    {"turn", {{F32, SHAPE(1, 3, 5), .batch = 1, .low = -2, .high = 2}}, 1, build_turn},
    {"turn_rows_last", {{F32, SHAPE(2, 3, 1), .batch = 3, .low = -2, .high = 2}}, 1, build_turn},
    {"four", {{F32, SHAPE(2, 3, 1, 5), .low = -2, .high = 2}}, 1, build_four},
    {"whole", {{I32, SHAPE(2, 3, 4), .low = -9, .high = 9}}, 1, build_turn},
};

const struct op_test test_transpose = {.eval = eval, CASES(cases)};
