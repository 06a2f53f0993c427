/* The index of an element along an axis, as i32 */
#ifndef INV_OPS_POSITION_H
#define INV_OPS_POSITION_H

#include "core/arith.h"

INV_FN int32_t inv_position(int64_t index)
{
    return (int32_t)index;
}


#endif
