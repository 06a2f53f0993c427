/* +0 for zeros and subnormal numbers, by the exponent: no operation that they would slow down. */
#ifndef INV_OPS_FLUSH_H
#define INV_OPS_FLUSH_H

#include "core/arith.h"

INV_FN float inv_flush(float a)
{
    uint32_t u = inv_bits(a);
    return inv_from_bits((u & 0x7f800000u) != 0 ? u : 0u);
}


#endif
