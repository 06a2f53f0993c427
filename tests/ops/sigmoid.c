#include "harness.h"

#include <math.h>

static double map(const double *x)
{
    return 1.0 / (1.0 + exp(-x[0]));
}

const struct op_test test_sigmoid = {
    .map = map,
    .domain = {{.dtype = F32, .low = -5, .high = 5}},
    .ulp = 1,
};
