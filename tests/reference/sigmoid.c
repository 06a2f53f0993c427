/* 1 / (1 + e^-x) */
#include <math.h>
#include "reference.h"

static float sigmoid_real(float x)
{
    struct exponential e = exponential(limit(-fabsf(x), -105.0f, 0.0f));
    bool negative = x < 0.0f;
    float z = 1.0f + e.p;
    float z_low = (e.p - (z - 1.0f)) + e.low;
    float power = times_power(1.0f, e.n);
    float d = fmaf(power, z, 1.0f);
    float d_low = fmaf(power, z_low, fmaf(power, z, 1.0f - d));
    float a = negative ? z : 1.0f, a_low = negative ? z_low : 0.0f;
    float q = a / d;
    float rest = fmaf(-q, d, a) + fmaf(-q, d_low, a_low);
    return times_power(q + rest / d, negative ? e.n : 0);
}

void compute_sigmoid(const struct call *c)
{
    map_unary(c, &(struct unary){.real = sigmoid_real});
}
