#include "harness.h"

static double map(const double *x)
{
    return x[0];
}

static const struct op_case cases[] = {
    {"big", {{.dtype = I32, SHAPE(7), .low = -2000000000.0, .high = 2000000000.0}}, 1, NULL},
    {"bool", {{.dtype = BOOL, SHAPE(1, 3), .batch = 1}}, 1, NULL},
    {"long",
     {{.dtype = I64, SHAPE(7), .low = -9000000000000000.0, .high = 9000000000000000.0}},
     1,
     NULL},
};

const struct op_test test_to_f32 = {
    .map = map,
    .domain = {{.dtype = I32, .low = -9, .high = 9}},
    .ulp = 0.5,
    CASES(cases),
};
