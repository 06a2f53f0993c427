/* 2^x, at most 1 ulp; exact for integers. */
#ifndef INV_OPS_EXP2_H
#define INV_OPS_EXP2_H

#include "core/elementary.h"

INV_FN float inv_exp2(float x)
{
    uint32_t n;
    float a = inv_limit(x, -152.0f, 130.0f);
    float r = inv_sub(a, inv_round(a, &n));
    float p = inv_fma(inv_exp2_tail(r), r, INV_LN2);
    return inv_scale(inv_fma(p, r, 1.0f), n);
}

/* x and exp2(x), for core/selftest.c. */
#define INV_ANSWER_exp2 0x3e400000u, 0x3f91c3d3u

#endif
