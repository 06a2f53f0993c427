/*
 * x^n for an integer n by binary exponentiation, each product rounded to float, in this order:
 * result = 1; while n: if n is odd, result *= base; base *= base; n /= 2. A negative n gives
 * 1 / x^-n. No ulp bound: the error grows with the number of products.
 */
#ifndef INV_OPS_POWI_H
#define INV_OPS_POWI_H

#include "core/arith.h"

INV_FN float inv_powi(float x, int32_t n)
{
    uint32_t left = n < 0 ? 0u - (uint32_t)n : (uint32_t)n;
    float result = 1.0f;
    for (float base = x; left != 0; left >>= 1) {
        result = (left & 1u) != 0 ? inv_mul(result, base) : result;
        base = inv_mul(base, base);
    }
    return n < 0 ? inv_div(1.0f, result) : result;
}

#endif
