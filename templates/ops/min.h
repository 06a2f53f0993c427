/* IEEE 754-2019 minimum: NaN where either is NaN, -0 < +0. inv_min is in core/arith.h. */
#ifndef INV_OPS_MIN_H
#define INV_OPS_MIN_H

#include "core/arith.h"

INV_FN int32_t inv_min_i32(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

INV_FN int64_t inv_min_i64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}


#endif
