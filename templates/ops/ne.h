/* 1 where a != b, else 0; 1 where an operand is NaN */
#ifndef INV_OPS_NE_H
#define INV_OPS_NE_H

#include "core/arith.h"

INV_FN int32_t inv_ne(float a, float b)
{
    return a != b;
}

INV_FN int32_t inv_ne_i32(int32_t a, int32_t b)
{
    return a != b;
}

INV_FN int32_t inv_ne_i64(int64_t a, int64_t b)
{
    return a != b;
}


#endif
