#include "harness.h"

#include <math.h>

static double map(const double *x)
{
    return 1.0 / sqrt(x[0]);
}

const struct op_test test_rsqrt = {
    .map = map,
    .domain = {{.dtype = F32, .low = 0.3, .high = 9}},
    .ulp = 1,
};
