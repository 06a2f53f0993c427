/* exp(x) - 1, at most 1 ulp, also near 0; -0 gives -0. */
#ifndef INV_OPS_EXPM1_H
#define INV_OPS_EXPM1_H

#include "core/elementary.h"

/*
 * With h = 2^(n-1), which is finite for n = 128, half the result is h (1 + p + low) - 1/2: the
 * terms h p and t = h - 1/2 are added with the errors of both sums kept. For n = 0 it is p.
 */
INV_FN float inv_expm1(float x)
{
    uint32_t n;
    float low;
    float p = inv_exp_kernel(inv_limit(x, -30.0f, 89.0f), &n, &low);
    float h = inv_power_of_two(n - 1u);
    float t = inv_sub(h, 0.5f);
    float t_low = inv_sub(inv_sub(h, t), 0.5f);
    float g = inv_mul(h, p);
    float s = inv_add(t, g);
    float s_low = inv_add(inv_sub(g, inv_sub(s, t)), inv_fma(h, low, t_low));
    float y = inv_mul(2.0f, inv_add(s, s_low));
    y = n == 0u ? p : y;
    return x == 0.0f ? x : y;
}

/* x and expm1(x), for core/selftest.c. */
#define INV_ANSWER_expm1 0x3e400000u, 0x3e532e06u

#endif
