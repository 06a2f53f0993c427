#include "harness.h"

#include <math.h>

static int build_fixed(struct graph *graph, const int *x)
{
    return graph_binary(graph, OP_POW, x[0], graph_const(graph, 2.5f));
}

static double map(const double *x)
{
    return pow(x[0], x[1]);
}

static const struct op_case cases[] = {
    {"fixed", {{.dtype = F32, SHAPE(1, 4), .batch = 1, .low = 0.3, .high = 3}}, 1, build_fixed},
};

static const struct op_known known[] = {
    {"scalar", {{0.0}, {0.0}}, {{0.0}, {0.0}}},
    {"scalar", {{0.0}, {2.0}}, {{0.0}, {0.0}}},
    {"scalar", {{1.0}, {0.0}}, {{0.0}, {0.0}}},
};

const struct op_test test_pow = {
    .map = map,
    .domain = {{.dtype = F32, .low = 0.3, .high = 3}, {.dtype = F32, .low = -2, .high = 2}},
    .ulp = 1,
    CASES(cases),
    KNOWN(known),
};
