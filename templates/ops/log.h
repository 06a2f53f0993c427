/* Natural logarithm, at most 1 ulp; -infinity at either zero, NaN below. */
#ifndef INV_OPS_LOG_H
#define INV_OPS_LOG_H

#include "core/elementary.h"

INV_FN float inv_log(float x)
{
    float e;
    float m = inv_split(x, &e);
    float y = inv_log_join(e, inv_sub(m, 1.0f), 0.0f);
    y = x < INV_INFINITY ? y : x;
    y = x < 0.0f ? INV_NAN : y;
    return x == 0.0f ? -INV_INFINITY : y;
}

/* x and log(x), for core/selftest.c. */
#define INV_ANSWER_log 0x3e400000u, 0xbfd644dcu

#endif
