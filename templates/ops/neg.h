/*
 * -a: the sign bit flipped, also of zeros and NaN; whole numbers wrap. inv_neg is in core/arith.h.
 */
#ifndef INV_OPS_NEG_H
#define INV_OPS_NEG_H

#include "core/arith.h"

INV_FN int32_t inv_neg_i32(int32_t a)
{
    return (int32_t)(0u - (uint32_t)a);
}

INV_FN int64_t inv_neg_i64(int64_t a)
{
    return (int64_t)((uint64_t)0 - (uint64_t)a);
}


#endif
