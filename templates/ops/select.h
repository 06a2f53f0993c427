/* a where c is true, else b. inv_select is in core/arith.h. */
#ifndef INV_OPS_SELECT_H
#define INV_OPS_SELECT_H

#include "core/arith.h"

INV_FN int32_t inv_select_i32(int32_t c, int32_t a, int32_t b)
{
    return c ? a : b;
}

INV_FN int64_t inv_select_i64(int32_t c, int64_t a, int64_t b)
{
    return c ? a : b;
}


#endif
