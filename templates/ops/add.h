/* Sum, one rounding; whole numbers wrap. inv_add is in core/arith.h. */
#ifndef INV_OPS_ADD_H
#define INV_OPS_ADD_H

#include "core/arith.h"

INV_FN int32_t inv_add_i32(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

INV_FN int64_t inv_add_i64(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}


#endif
