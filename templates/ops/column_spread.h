/* The exact sums of a column of f32 and of its squares, perhaps with weights, in digits:
 * inv_exact_add_spread and inv_exact_add_weighted of core/exact.h. */
#ifndef INV_OPS_COLUMN_SPREAD_H
#define INV_OPS_COLUMN_SPREAD_H

#include "core/exact.h"

#endif
