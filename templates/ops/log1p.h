/* log(1 + x), at most 1 ulp, also near 0; -0 gives -0, -1 gives -infinity, NaN below. */
#ifndef INV_OPS_LOG1P_H
#define INV_OPS_LOG1P_H

#include "core/elementary.h"

/*
 * 1 + x = u + c exactly, u the rounded sum, and u = 2^e m: log(1 + x) = e ln(2) + log(m) + c / u.
 * For e = 0 the reduced argument is x itself. Above 2^25 the 1 no longer counts.
 */
INV_FN float inv_log1p(float x)
{
    float e;
    float u = inv_add(1.0f, x);
    float c = x < 1.0f ? inv_sub(x, inv_sub(u, 1.0f)) : inv_sub(1.0f, inv_sub(u, x));
    float m = inv_split(u, &e);
    float f = e == 0.0f ? x : inv_sub(m, 1.0f);
    float low = e == 0.0f || x > 0x1p+25f ? 0.0f : inv_div(c, u);
    float y = inv_log_join(e, f, low);
    y = x < INV_INFINITY ? y : x;
    y = x < -1.0f ? INV_NAN : y;
    y = x == -1.0f ? -INV_INFINITY : y;
    return x == 0.0f ? x : y;
}

/* x and log1p(x), for core/selftest.c. */
#define INV_ANSWER_log1p 0x3e400000u, 0x3e2ff984u

#endif
