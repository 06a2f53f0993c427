#include "harness.h"

#include <math.h>

static double map(const double *x)
{
    return erf(x[0]);
}

const struct op_test test_erf = {
    .map = map,
    .domain = {{.dtype = F32, .low = -3, .high = 3}},
    .ulp = 1,
};
