#include "harness.h"

static int reshape(struct graph *graph, int x, int rank, int rows, const int64_t *dim)
{
    struct shape shape = shape_of(rank, rows, dim);
    return graph_reshape(graph, x, &shape);
}

static int build_merge(struct graph *graph, const int *x)
{
    return reshape(graph, x[0], 2, 0, (int64_t[]){1, 15});
}

static int build_split(struct graph *graph, const int *x)
{
    return reshape(graph, x[0], 4, -1, (int64_t[]){3, 1, 2, 2});
}

/* The batch's rows merge with a constant axis: b*3 rows of 5. */
static int build_rows(struct graph *graph, const int *x)
{
    return reshape(graph, x[0], 2, 0, (int64_t[]){3, 5});
}

static int build_scalar(struct graph *graph, const int *x)
{
    return reshape(graph, x[0], 0, -1, NULL);
}

static const struct op_case cases[] = {
    {"merge", {{F32, SHAPE(1, 3, 5), .batch = 1, .low = -2, .high = 2}}, 1, build_merge},
    {"split", {{F32, SHAPE(12), .low = -2, .high = 2}}, 1, build_split},
    {"rows", {{F32, SHAPE(1, 3, 5), .batch = 1, .low = -2, .high = 2}}, 1, build_rows},
    {"scalar", {{F32, SHAPE(1, 1), .low = -2, .high = 2}}, 1, build_scalar},
    {"whole", {{I32, SHAPE(12), .low = -9, .high = 9}}, 1, build_split},
};

const struct op_test test_reshape = {.eval = eval_copy, CASES(cases)};
