#include "harness.h"

#include <math.h>

static double map(const double *x)
{
    return floor(x[0]);
}

const struct op_test test_floor = {
    .map = map,
    .domain = {{.dtype = F32, .low = -9, .high = 9}},
    .ulp = 0,
};
