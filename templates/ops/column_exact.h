/* The exact sum of a column of f32, in digits: inv_exact_add of core/exact.h. */
#ifndef INV_OPS_COLUMN_EXACT_H
#define INV_OPS_COLUMN_EXACT_H

#include "core/exact.h"

#endif
