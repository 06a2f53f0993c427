/* |a|: the sign bit cleared; the least i32 stays. inv_abs is in core/arith.h. */
#ifndef INV_OPS_ABS_H
#define INV_OPS_ABS_H

#include "core/arith.h"

INV_FN int32_t inv_abs_i32(int32_t a)
{
    return a < 0 ? (int32_t)(0u - (uint32_t)a) : a;
}


#endif
