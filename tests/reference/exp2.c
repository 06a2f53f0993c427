/* 2^x */
#include <math.h>
#include "reference.h"

static float exp2_real(float x)
{
    float k, a = limit(x, -152.0f, 130.0f);
    int n = nearest(a, &k);
    float r = a - k;
    float slope = fmaf(power_tail(r), r, 0x1.62e43p-1f);
    return times_power(fmaf(slope, r, 1.0f), n);
}

void compute_exp2(const struct call *c)
{
    map_unary(c, &(struct unary){.real = exp2_real});
}
