/* Logarithm to base 2, at most 1 ulp; exact for powers of two; -infinity at 0, NaN below. */
#ifndef INV_OPS_LOG2_H
#define INV_OPS_LOG2_H

#include "core/elementary.h"

/* log2(1 + f) = f log2(e) + f^2 P(f), error 2^-30; f log2(e) is kept as h + l. */
INV_FN float inv_log2(float x)
{
    float e;
    float f = inv_sub(inv_split(x, &e), 1.0f);
    float p = 0x1.801f0ap-4f;
    p = inv_fma(p, f, -0x1.550c30p-3f);
    p = inv_fma(p, f, 0x1.60acdap-3f);
    p = inv_fma(p, f, -0x1.6f6a26p-3f);
    p = inv_fma(p, f, 0x1.a4090ep-3f);
    p = inv_fma(p, f, -0x1.ec694ap-3f);
    p = inv_fma(p, f, 0x1.277f38p-2f);
    p = inv_fma(p, f, -0x1.7154c4p-2f);
    p = inv_fma(p, f, 0x1.ec7088p-2f);
    p = inv_fma(p, f, -0x1.715476p-1f);
    float h = inv_mul(f, INV_LOG2E_HI);
    float l = inv_fma(f, INV_LOG2E_LO, inv_fma(f, INV_LOG2E_HI, -h));
    float s = inv_add(e, h);
    float t = inv_sub(h, inv_sub(s, e));
    float y = inv_add(s, inv_fma(inv_mul(f, f), p, inv_add(t, l)));
    y = x < INV_INFINITY ? y : x;
    y = x < 0.0f ? INV_NAN : y;
    return x == 0.0f ? -INV_INFINITY : y;
}

/* x and log2(x), for core/selftest.c. */
#define INV_ANSWER_log2 0x42c80000u, 0x40d49a78u

#endif
