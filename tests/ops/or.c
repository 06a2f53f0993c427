#include "harness.h"

static double map(const double *x)
{
    return x[0] != 0.0 || x[1] != 0.0;
}

const struct op_test test_or = {
    .map = map,
    .domain = {{.dtype = BOOL}, {.dtype = BOOL}},
    .ulp = 0,
};
