#include "harness.h"

#include <math.h>

static double map(const double *x)
{
    return log1p(x[0]);
}

const struct op_test test_log1p = {
    .map = map,
    .domain = {{.dtype = F32, .low = -0.7, .high = 9}},
    .ulp = 1,
};
