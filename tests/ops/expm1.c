#include "harness.h"

#include <math.h>

static double map(const double *x)
{
    return expm1(x[0]);
}

static const struct op_known known[] = {
    {"scalar", {{-30.0}}, {{9.357622968840175e-14}}},
};

const struct op_test test_expm1 = {
    .map = map,
    .domain = {{.dtype = F32, .low = -4, .high = 3}},
    .ulp = 1,
    KNOWN(known),
};
