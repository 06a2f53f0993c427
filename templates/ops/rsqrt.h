/* 1 / sqrt(x), at most 1 ulp; infinity of its sign at a zero, 0 at infinity, NaN below 0. */
#ifndef INV_OPS_RSQRT_H
#define INV_OPS_RSQRT_H

#include "core/elementary.h"

/*
 * s = sqrt(x) leaves e = x - s^2, and r = 1 / s leaves d = 1 - r s, both found by fma; to first
 * order 1 / sqrt(x) = r + r (d - e r^2 / 2). Tiny x is scaled so that e is exact.
 */
INV_FN float inv_rsqrt(float x)
{
    int tiny = x < 0x1p-100f;
    float a = tiny ? inv_mul(x, 0x1p+60f) : x;
    float s = inv_sqrt(a);
    float r = inv_div(1.0f, s);
    float e = inv_fma(-s, s, a);
    float d = inv_fma(-s, r, 1.0f);
    float y = inv_fma(r, inv_fma(inv_mul(-0.5f, e), inv_mul(r, r), d), r);
    y = tiny ? inv_mul(y, 0x1p+30f) : y;
    return x > 0.0f && x < INV_INFINITY ? y : r;
}

/* x and rsqrt(x), for core/selftest.c. */
#define INV_ANSWER_rsqrt 0x42c80000u, 0x3dcccccdu

#endif
