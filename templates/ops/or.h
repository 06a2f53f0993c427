/* 1 where at least one is true, else 0 */
#ifndef INV_OPS_OR_H
#define INV_OPS_OR_H

#include "core/arith.h"

INV_FN int32_t inv_or_i32(int32_t a, int32_t b)
{
    return a | b;
}


#endif
