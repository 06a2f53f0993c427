/* sin(x), x in radians, at most 1 ulp for every finite x; NaN for infinities; -0 gives -0. */
#ifndef INV_OPS_SIN_H
#define INV_OPS_SIN_H

#include "core/elementary.h"

INV_FN float inv_sin(float x)
{
    float r, low;
    uint32_t q = inv_quadrant(x, &r, &low);
    float y = inv_sin_quadrant(q, r, low);
    y = inv_from_bits(inv_bits(y) ^ (inv_bits(x) & 0x80000000u));
    return inv_is_finite(x) ? y : INV_NAN;
}

/* x and sin(x), for core/selftest.c. */
#define INV_ANSWER_sin 0xc2c80000u, 0x3f01a12eu

#endif
