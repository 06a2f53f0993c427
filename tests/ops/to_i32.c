#include "harness.h"

#include <math.h>

static double map(const double *x)
{
    return isnan(x[0]) ? 0.0 : trunc(fmax(fmin(x[0], 2147483647.0), -2147483648.0));
}

static const struct op_case cases[] = {
    {"bool", {{.dtype = BOOL, SHAPE(1, 3), .batch = 1}}, 1, NULL},
    {"long", {{.dtype = I64, SHAPE(7), .low = -2000000000.0, .high = 2000000000.0}}, 1, NULL},
};

const struct op_test test_to_i32 = {
    .map = map,
    .domain = {{.dtype = F32, .low = -99, .high = 99}},
    .ulp = 0,
    CASES(cases),
};
