#include "harness.h"

static double map(const double *x)
{
    return x[0] - x[1];
}

static const struct op_case cases[] = {
    {"whole",
     {{.dtype = I32, SHAPE(1, 5), .batch = 1, .low = -2147483648.0, .high = 2147483647.0},
      {.dtype = I32, SHAPE(5), .low = -2147483648.0, .high = 2147483647.0}},
     2,
     NULL},
    {"long",
     {{.dtype = I64, SHAPE(5), .low = -9, .high = 9},
      {.dtype = I64, SHAPE(1), .low = -9, .high = 9}},
     2,
     NULL},
};

const struct op_test test_sub = {
    .map = map,
    .domain = {{.dtype = F32, .low = -3, .high = 3}, {.dtype = F32, .low = -3, .high = 3}},
    .ulp = 0.5,
    CASES(cases),
};
