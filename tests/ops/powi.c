#include "harness.h"

#include <math.h>

static int build_cube(struct graph *graph, const int *x)
{
    return graph_binary(graph, OP_POWI, x[0], graph_const_whole(graph, I32, 3));
}

static double map(const double *x)
{
    return pow(x[0], x[1]);
}

static const struct op_case cases[] = {
    {"cube", {{.dtype = F32, SHAPE(1, 4), .batch = 1, .low = -1.6, .high = 1.6}}, 1, build_cube},
};

static const struct op_known known[] = {
    {"scalar", {{0.0}, {0.0}}, {{0.0}, {0.0}}},
    {"scalar", {{0.0}, {1.0}}, {{1.0}, {0.0}}},
};

const struct op_test test_powi = {
    .map = map,
    .domain = {{.dtype = F32, .low = 0.4, .high = 1.6}, {.dtype = I32, .low = -4, .high = 4}},
    .ulp = 4, /* |n| is at most 4 here */
    CASES(cases),
    KNOWN(known),
};
