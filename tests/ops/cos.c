#include "harness.h"

#include <math.h>

static double map(const double *x)
{
    return cos(x[0]);
}

const struct op_test test_cos = {
    .map = map,
    .domain = {{.dtype = F32, .low = -9, .high = 9}},
    .ulp = 1,
};
