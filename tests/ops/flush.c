#include "harness.h"

#include <math.h>

static double map(const double *x)
{
    return fabs(x[0]) < 0x1p-126 ? 0 : x[0];
}

static const struct op_case cases[] = {
    {"tiny", {{.dtype = F32, SHAPE(64), .low = -3e-38, .high = 3e-38, .fixed = true}}, 1, NULL},
};

static const struct op_known known[] = {
    {"scalar", {{0x1p-130}}, {{1.0}}},
};

const struct op_test test_flush = {
    .map = map,
    .domain = {{.dtype = F32, .low = -3, .high = 3}},
    .ulp = 0,
    CASES(cases),
    KNOWN(known),
};
