#include "harness.h"

static double map(const double *x)
{
    return x[0] != 0.0 ? x[1] : x[2];
}

static const struct op_case cases[] = {
    {"whole",
     {{.dtype = BOOL, SHAPE(1, 5), .batch = 1},
      {.dtype = I32, SHAPE(5), .low = -9, .high = 9},
      {.dtype = I32, SHAPE(1), .low = -9, .high = 9}},
     3,
     NULL},
    {"long",
     {{.dtype = BOOL, SHAPE(5)},
      {.dtype = I64, SHAPE(5), .low = -9, .high = 9},
      {.dtype = I64, SHAPE(1), .low = -9, .high = 9}},
     3,
     NULL},
};

const struct op_test test_select = {
    .map = map,
    .domain = {{.dtype = BOOL},
               {.dtype = F32, .low = -3, .high = 3},
               {.dtype = F32, .low = -3, .high = 3}},
    .ulp = 0,
    CASES(cases),
};
