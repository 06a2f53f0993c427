#include "harness.h"

static void eval(struct oracle *o, const struct node *n)
{
    const struct shape *from = oracle_shape(o, n, 0);
    for (struct walk w = walk_start(o, &n->shape); walk_more(&w); walk_next(&w)) {
        int64_t index[RANK_MAX];
        for (int i = 0; i < w.rank; i++)
            index[i] = w.index[i] + n->attr.start[i];
        o->value[n->id][w.element] = oracle_operand(o, n, 0)[oracle_at(o, from, w.rank, index)];
    }
}

static int slice(struct graph *graph, int x, const int64_t *start, const int64_t *dim)
{
    struct shape shape = graph_node(graph, x)->shape;
    shape = shape_of(shape.rank, shape.rows, dim);
    return graph_slice(graph, x, start, &shape);
}

static int build_middle(struct graph *graph, const int *x)
{
    return slice(graph, x[0], (int64_t[]){0, 1, 2}, (int64_t[]){1, 2, 3});
}

static int build_leading(struct graph *graph, const int *x)
{
    return slice(graph, x[0], (int64_t[]){1, 0, 0}, (int64_t[]){2, 3, 1});
}

static int build_vector(struct graph *graph, const int *x)
{
    return slice(graph, x[0], (int64_t[]){4}, (int64_t[]){1});
}

static const struct op_case cases[] = {
    {"middle", {{F32, SHAPE(1, 3, 7), .batch = 1, .low = -2, .high = 2}}, 1, build_middle},
    {"leading", {{F32, SHAPE(4, 3, 1), .low = -2, .high = 2}}, 1, build_leading},
    {"vector", {{F32, SHAPE(7), .low = -2, .high = 2}}, 1, build_vector},
    {"whole", {{I32, SHAPE(4, 3, 1), .low = -9, .high = 9}}, 1, build_leading},
};

const struct op_test test_slice = {.eval = eval, CASES(cases)};
