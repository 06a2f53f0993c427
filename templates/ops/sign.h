/* -1, +1, or the zero or NaN itself. inv_sign is in core/arith.h. */
#ifndef INV_OPS_SIGN_H
#define INV_OPS_SIGN_H

#include "core/arith.h"

INV_FN int32_t inv_sign_i32(int32_t a)
{
    return (a > 0) - (a < 0);
}


#endif
