/* Difference, one rounding; whole numbers wrap. inv_sub is in core/arith.h. */
#ifndef INV_OPS_SUB_H
#define INV_OPS_SUB_H

#include "core/arith.h"

INV_FN int32_t inv_sub_i32(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a - (uint32_t)b);
}

INV_FN int64_t inv_sub_i64(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}


#endif
