/* 1 / (1 + exp(-x)), at most 1 ulp on both sides, subnormal below -87.33. */
#ifndef INV_OPS_SIGMOID_H
#define INV_OPS_SIGMOID_H

#include "core/elementary.h"

/* a / d, given y = 1 / d: a product corrected by its remainder is rounded as a division is here */
INV_FN float inv_quotient(float a, float d, float y)
{
    float q = inv_mul(a, y);
    return inv_fma(inv_fma(-q, d, a), y, q);
}

/*
 * With z = exp(-|x|) = 2^n (1 + p): 1 / (1 + z) for x >= 0, z / (1 + z) below. Numerator and
 * denominator are sums of two floats; 2^n multiplies the quotient last, in two factors of which the
 * first is exact.
 * One division serves both quotients. The form in docs/numerics.md has two and scales without
 * the bound of -100: all 2^32 arguments give the same bits.
 */
INV_FN float inv_sigmoid(float x)
{
    uint32_t n;
    float low;
    float t = -inv_abs(x);
    float p = inv_exp_kernel(t < -105.0f ? -105.0f : t, &n, &low);
    float z = inv_add(1.0f, p);
    float z_low = inv_add(inv_sub(p, inv_sub(z, 1.0f)), low);
    int32_t e = (int32_t)n < -100 ? -100 : (int32_t)n;
    float power = inv_power_of_two((uint32_t)e);
    float d = inv_fma(power, z, 1.0f);
    float d_low = inv_fma(power, z_low, inv_fma(power, z, inv_sub(1.0f, d)));
    float y = inv_div(1.0f, d);
    uint32_t sign = 0u - (inv_bits(x) >> 31);
    float a = inv_choose(sign, z, 1.0f);
    float a_low = inv_choose(sign, z_low, 0.0f);
    float q = inv_quotient(a, d, y);
    float rest = inv_add(inv_fma(-q, d, a), inv_fma(-q, d_low, a_low));
    float s = inv_add(q, inv_quotient(rest, d, y));
    float below = inv_mul(inv_mul(s, power), inv_power_of_two(n - (uint32_t)e));
    return inv_choose(sign, below, s);
}

/* x and sigmoid(x), for core/selftest.c. */
#define INV_ANSWER_sigmoid 0x3e400000u, 0x3f0bf708u

#endif
