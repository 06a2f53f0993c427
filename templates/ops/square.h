/* a * a, one rounding */
#ifndef INV_OPS_SQUARE_H
#define INV_OPS_SQUARE_H

#include "core/arith.h"

INV_FN float inv_square(float a)
{
    return inv_mul(a, a);
}


#endif
