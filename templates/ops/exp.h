/* exp(x), at most 1 ulp; overflows to infinity above 88.72, subnormal below -87.33. */
#ifndef INV_OPS_EXP_H
#define INV_OPS_EXP_H

#include "core/elementary.h"

INV_FN float inv_exp(float x)
{
    uint32_t n;
    float low;
    float p = inv_exp_kernel(inv_limit(x, -105.0f, 90.0f), &n, &low);
    return inv_scale(inv_add(1.0f, p), n);
}

/* x and exp(x), for core/selftest.c. */
#define INV_ANSWER_exp 0x3e400000u, 0x3f9a65c1u

#endif
