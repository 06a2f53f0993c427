#include "harness.h"

#include <math.h>

static double map(const double *x)
{
    return exp2(x[0]);
}

const struct op_test test_exp2 = {
    .map = map,
    .domain = {{.dtype = F32, .low = -4, .high = 3}},
    .ulp = 1,
};
