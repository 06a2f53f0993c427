/* cos(x), x in radians, at most 1 ulp for every finite x; NaN for infinities. */
#ifndef INV_OPS_COS_H
#define INV_OPS_COS_H

#include "core/elementary.h"

INV_FN float inv_cos(float x)
{
    float r, low;
    uint32_t q = inv_quadrant(x, &r, &low);
    float y = inv_sin_quadrant(q + 1u, r, low);
    return inv_is_finite(x) ? y : INV_NAN;
}

/* x and cos(x), for core/selftest.c. */
#define INV_ANSWER_cos 0xc2c80000u, 0x3f5cc0eeu

#endif
