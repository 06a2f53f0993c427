/* Error function, at most 1 ulp; -0 gives -0. */
#ifndef INV_OPS_ERF_H
#define INV_OPS_ERF_H

#include "core/elementary.h"

/* a + a P(a^2) for 0 <= a <= 1; error 2^-30 */
INV_FN float inv_erf_small(float a)
{
    float z = inv_mul(a, a);
    float p = -0x1.230880p-17f;
    p = inv_fma(p, z, 0x1.c8c8d8p-14f);
    p = inv_fma(p, z, -0x1.b9d558p-11f);
    p = inv_fma(p, z, 0x1.55e0eep-8f);
    p = inv_fma(p, z, -0x1.b82232p-6f);
    p = inv_fma(p, z, 0x1.ce2ea2p-4f);
    p = inv_fma(p, z, -0x1.812744p-2f);
    p = inv_fma(p, z, 0x1.06eba8p-3f);
    return inv_fma(p, a, a);
}

/* 1 - exp(a P(a)) for 1 <= a <= 3.93, above which erf rounds to 1; error 2^-32 */
INV_FN float inv_erf_large(float a)
{
    uint32_t n;
    float low;
    float t = inv_limit(a, 1.0f, 3.93f);
    float p = -0x1.cf63bap-19f;
    p = inv_fma(p, t, 0x1.c8a356p-16f);
    p = inv_fma(p, t, 0x1.2f695cp-13f);
    p = inv_fma(p, t, -0x1.a31f68p-9f);
    p = inv_fma(p, t, 0x1.7abaa2p-6f);
    p = inv_fma(p, t, -0x1.b0e8f0p-4f);
    p = inv_fma(p, t, -0x1.455312p-1f);
    p = inv_fma(p, t, -0x1.20ec0cp+0f);
    float e = inv_exp_kernel(inv_mul(t, p), &n, &low);
    float power = inv_power_of_two(n);
    return inv_fma(-power, e, inv_sub(1.0f, power));
}

INV_FN float inv_erf(float x)
{
    float a = inv_abs(x);
    float y = a < 1.0f ? inv_erf_small(a) : inv_erf_large(a);
    return inv_copysign(y, x);
}

/* x and erf(x), for core/selftest.c. */
#define INV_ANSWER_erf 0x3e400000u, 0x3e5622f2u

#endif
