#include "harness.h"

#include <math.h>

static double map(const double *x)
{
    return log2(x[0]);
}

const struct op_test test_log2 = {
    .map = map,
    .domain = {{.dtype = F32, .low = 0.3, .high = 9}},
    .ulp = 1,
};
