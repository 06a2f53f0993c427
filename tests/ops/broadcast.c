#include "harness.h"

static void eval(struct oracle *o, const struct node *n)
{
    const struct shape *from = oracle_shape(o, n, 0);
    for (struct walk w = walk_start(o, &n->shape); walk_more(&w); walk_next(&w))
        o->value[n->id][w.element] = oracle_operand(o, n, 0)[oracle_at(o, from, w.rank, w.index)];
}

static int broadcast(struct graph *graph, int x, int rows, const int64_t *dim)
{
    struct shape shape = shape_of(3, rows, dim);
    return graph_broadcast(graph, x, &shape);
}

static int build_rows(struct graph *graph, const int *x)
{
    return broadcast(graph, x[0], 0, (int64_t[]){1, 3, 5});
}

static int build_constant(struct graph *graph, const int *x)
{
    return broadcast(graph, x[0], -1, (int64_t[]){2, 3, 5});
}

static int build_one(struct graph *graph, const int *x)
{
    return broadcast(graph, x[0], -1, (int64_t[]){1, 1, 5});
}

static const struct op_case cases[] = {
    {"leading", {{F32, SHAPE(5), .low = -2, .high = 2}}, 1, build_rows},
    {"middle", {{F32, SHAPE(1, 1, 5), .batch = 1, .low = -2, .high = 2}}, 1, build_rows},
    {"last", {{F32, SHAPE(3, 1), .low = -2, .high = 2}}, 1, build_constant},
    {"outer", {{F32, SHAPE(2, 1, 1), .low = -2, .high = 2}}, 1, build_constant},
    {"scalar", {{F32, .low = -2, .high = 2}}, 1, build_constant},
    {"to_rows_of_one", {{F32, SHAPE(1, 3, 5), .low = -2, .high = 2}}, 1, build_rows},
    {"absent_axis_of_one", {{F32, SHAPE(5), .low = -2, .high = 2}}, 1, build_one},
    {"whole", {{I32, SHAPE(3, 1), .low = -9, .high = 9}}, 1, build_constant},
};

const struct op_test test_broadcast = {.eval = eval, CASES(cases)};
