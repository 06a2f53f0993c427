#include "harness.h"

#include <math.h>

static double map(const double *x)
{
    return fabs(x[0]);
}

static const struct op_case cases[] = {
    {"whole",
     {{.dtype = I32, SHAPE(1, 5), .batch = 1, .low = -2147483648.0, .high = 2147483647.0}},
     1,
     NULL},
};

static const struct op_known known[] = {
    {"scalar", {{0.0}}, {{0.0}}},
    {"scalar", {{-2.0}}, {{-1.0}}},
};

const struct op_test test_abs = {
    .map = map,
    .domain = {{.dtype = F32, .low = -3, .high = 3}},
    .ulp = 0,
    CASES(cases),
    KNOWN(known),
};
