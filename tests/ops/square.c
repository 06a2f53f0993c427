#include "harness.h"

static double map(const double *x)
{
    return x[0] * x[0];
}

const struct op_test test_square = {
    .map = map,
    .domain = {{.dtype = F32, .low = -3, .high = 3}},
    .ulp = 0.5,
};
