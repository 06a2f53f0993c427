/* exp(x) - 1, at most 1 ulp, also near 0; -0 gives -0. */
#ifndef INV_OPS_EXPM1_H
#define INV_OPS_EXPM1_H

#include "core/elementary.h"

/*
 * 2^n (1 + p) - 1 = 2 (h p + (h - 1/2)) with h = 2^(n-1), which is finite for n = 128. Where
 * h - 1/2 is inexact, above n = 24, 1/2 is subtracted from the rounding error of 1 + p instead.
 */
INV_FN float inv_expm1(float x)
{
    uint32_t n;
    float a = inv_limit(x, -30.0f, 90.0f);
    float p = inv_exp_kernel(a, &n);
    float h = inv_power_of_two(n - 1u);
    float z = inv_add(1.0f, p);
    float z_low = inv_sub(p, inv_sub(z, 1.0f));
    float large = inv_fma(h, z, inv_fma(h, z_low, -0.5f));
    float y = inv_mul(2.0f, a > 16.0f ? large : inv_fma(h, p, inv_sub(h, 0.5f)));
    y = n == 0u ? p : y;
    return x == 0.0f ? x : y;
}

#endif
