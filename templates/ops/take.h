/* Indexed reads: where an index points */
#ifndef INV_OPS_TAKE_H
#define INV_OPS_TAKE_H

#include "core/arith.h"

/* An index outside 0 .. n - 1 counts as the nearest inside. */
INV_FN inv_index inv_take_index(int32_t index, inv_index n)
{
    return index < 0 ? 0 : index < n ? index : n - 1;
}


#endif
