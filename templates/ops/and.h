/* 1 where both are true, else 0 */
#ifndef INV_OPS_AND_H
#define INV_OPS_AND_H

#include "core/arith.h"

INV_FN int32_t inv_and_i32(int32_t a, int32_t b)
{
    return a & b;
}


#endif
