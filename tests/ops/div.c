#include "harness.h"

static double map(const double *x)
{
    return x[0] / x[1];
}

const struct op_test test_div = {
    .map = map,
    .domain = {{.dtype = F32, .low = -3, .high = 3}, {.dtype = F32, .low = 0.4, .high = 3}},
    .ulp = 0.5,
};
