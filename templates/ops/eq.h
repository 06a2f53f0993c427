/* 1 where a == b, else 0; 0 where an operand is NaN */
#ifndef INV_OPS_EQ_H
#define INV_OPS_EQ_H

#include "core/arith.h"

INV_FN int32_t inv_eq(float a, float b)
{
    return a == b;
}

INV_FN int32_t inv_eq_i32(int32_t a, int32_t b)
{
    return a == b;
}

INV_FN int32_t inv_eq_i64(int64_t a, int64_t b)
{
    return a == b;
}


#endif
