/* IEEE 754-2019 maximum: NaN where either is NaN, -0 < +0. inv_max is in core/arith.h. */
#ifndef INV_OPS_MAX_H
#define INV_OPS_MAX_H

#include "core/arith.h"

INV_FN int32_t inv_max_i32(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

INV_FN int64_t inv_max_i64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}


#endif
