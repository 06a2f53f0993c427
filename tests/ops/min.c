#include "harness.h"

#include <math.h>

static double map(const double *x)
{
    if (isnan(x[0]) || isnan(x[1]))
        return NAN;
    bool left = x[0] < x[1] || (x[0] == x[1] && signbit(x[0]));
    return left ? x[0] : x[1];
}

static const struct op_case cases[] = {
    {"whole",
     {{.dtype = I32, SHAPE(1, 5), .batch = 1, .low = -2147483648.0, .high = 2147483647.0},
      {.dtype = I32, SHAPE(5), .low = -9, .high = 9}},
     2,
     NULL},
    {"long",
     {{.dtype = I64, SHAPE(5), .low = -9, .high = 9},
      {.dtype = I64, SHAPE(1), .low = -9, .high = 9}},
     2,
     NULL},
};

static const struct op_known known[] = {
    {"scalar", {{2.0}, {2.0}}, {{1.0}, {0.0}}},
    {"scalar", {{-0.0}, {0.0}}, {{1.0}, {0.0}}},
    {"scalar", {{2.0}, {1.0}}, {{0.0}, {1.0}}},
};

const struct op_test test_min = {
    .map = map,
    .domain = {{.dtype = F32, .low = -3, .high = 3}, {.dtype = F32, .low = -3, .high = 3}},
    .ulp = 0,
    CASES(cases),
    KNOWN(known),
};
