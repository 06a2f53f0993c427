#include "harness.h"

#include <math.h>

static double map(const double *x)
{
    return exp(x[0]);
}

const struct op_test test_exp = {
    .map = map,
    .domain = {{.dtype = F32, .low = -4, .high = 3}},
    .ulp = 1,
};
