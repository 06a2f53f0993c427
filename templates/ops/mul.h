/* Product, one rounding; whole numbers wrap. inv_mul is in core/arith.h. */
#ifndef INV_OPS_MUL_H
#define INV_OPS_MUL_H

#include "core/arith.h"

INV_FN int32_t inv_mul_i32(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a * (uint32_t)b);
}

INV_FN int64_t inv_mul_i64(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}


#endif
