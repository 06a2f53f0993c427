#include "harness.h"

static double map(const double *x)
{
    return x[0] == 0.0;
}

const struct op_test test_not = {
    .map = map,
    .domain = {{.dtype = BOOL}},
    .ulp = 0,
};
