/*
 * An f32 cut towards 0; beyond the range the nearest bound, 0 for NaN. Of an i64 the low 32 bits,
 * two's complement. A truth value is a whole number already.
 */
#ifndef INV_OPS_TO_I32_H
#define INV_OPS_TO_I32_H

#include "core/arith.h"

INV_FN int32_t inv_to_i32(float a)
{
    int fits = inv_abs(a) < 0x1p31f;
    int32_t bound = a > 0.0f ? INT32_MAX : a < 0.0f ? INT32_MIN : 0;
    int32_t whole = (int32_t)(fits ? a : 0.0f);
    return fits ? whole : bound;
}

INV_FN int32_t inv_to_i32_i32(int32_t a)
{
    return a;
}

INV_FN int32_t inv_to_i32_i64(int64_t a)
{
    return (int32_t)(uint32_t)(uint64_t)a;
}


#endif
