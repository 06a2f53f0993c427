#include "harness.h"

static double map(const double *x)
{
    return x[0] <= x[1];
}

static const struct op_case cases[] = {
    {"whole",
     {{.dtype = I32, SHAPE(1, 9), .batch = 1, .low = -1, .high = 1},
      {.dtype = I32, SHAPE(9), .low = -1, .high = 1}},
     2,
     NULL},
    {"long",
     {{.dtype = I64, SHAPE(9), .low = -1, .high = 1},
      {.dtype = I64, SHAPE(9), .low = -1, .high = 1}},
     2,
     NULL},
    {"tied",
     {{.dtype = F32, SHAPE(9), .low = 1, .high = 1},
      {.dtype = F32, SHAPE(9), .low = 1, .high = 1}},
     2,
     NULL},
};

const struct op_test test_le = {
    .map = map,
    .domain = {{.dtype = F32, .low = -3, .high = 3}, {.dtype = F32, .low = -3, .high = 3}},
    .ulp = 0,
    CASES(cases),
};
