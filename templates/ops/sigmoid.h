/* 1 / (1 + exp(-x)), at most 1 ulp on both sides, subnormal below -87.33. */
#ifndef INV_OPS_SIGMOID_H
#define INV_OPS_SIGMOID_H

#include "core/elementary.h"

/*
 * With z = exp(-|x|) = 2^n (1 + p): 1 / (1 + z) for x >= 0, z / (1 + z) below. Numerator and
 * denominator are sums of two floats; 2^n multiplies the quotient last.
 */
INV_FN float inv_sigmoid(float x)
{
    uint32_t n;
    float low;
    float p = inv_exp_kernel(inv_limit(-inv_abs(x), -105.0f, 0.0f), &n, &low);
    float z = inv_add(1.0f, p);
    float z_low = inv_add(inv_sub(p, inv_sub(z, 1.0f)), low);
    float power = inv_scale(1.0f, n);
    float d = inv_fma(power, z, 1.0f);
    float d_low = inv_fma(power, z_low, inv_fma(power, z, inv_sub(1.0f, d)));
    int negative = x < 0.0f;
    float a = negative ? z : 1.0f;
    float a_low = negative ? z_low : 0.0f;
    float q = inv_div(a, d);
    float rest = inv_add(inv_fma(-q, d, a), inv_fma(-q, d_low, a_low));
    return inv_scale(inv_add(q, inv_div(rest, d)), negative ? n : 0u);
}

/* x and sigmoid(x), for core/selftest.c. */
#define INV_ANSWER_sigmoid 0x3e400000u, 0x3f0bf708u

#endif
