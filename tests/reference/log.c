/* Natural logarithm */
#include <math.h>
#include "reference.h"

float log_real(float x)
{
    float e;
    if (x == 0.0f)
        return -INFINITY;
    if (x < 0.0f)
        return NAN;
    if (!(x < INFINITY))
        return x;
    float m = mantissa(x, &e);
    return logarithm(e, m - 1.0f, 0.0f);
}

void compute_log(const struct call *c)
{
    map_unary(c, &(struct unary){.real = log_real});
}
