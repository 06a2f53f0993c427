/* 1 where a is 0, else 0 */
#ifndef INV_OPS_NOT_H
#define INV_OPS_NOT_H

#include "core/arith.h"

INV_FN int32_t inv_not_i32(int32_t a)
{
    return !a;
}


#endif
