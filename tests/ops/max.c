#include "harness.h"

#include <math.h>

static double map(const double *x)
{
    return fmax(x[0], x[1]);
}

static const struct op_case cases[] = {
    {"whole",
     {{.dtype = I32, SHAPE(1, 5), .batch = 1, .low = -9, .high = 9},
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
    {"scalar", {{1.0}, {2.0}}, {{0.0}, {1.0}}},
};

const struct op_test test_max = {
    .map = map,
    .domain = {{.dtype = F32, .low = -3, .high = 3}, {.dtype = F32, .low = -3, .high = 3}},
    .ulp = 0,
    CASES(cases),
    KNOWN(known),
};
