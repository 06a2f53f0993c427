/* The minimum of a row, NaN where one is in it: inv_row_min of core/sums.h. */
#ifndef INV_OPS_ROW_MIN_H
#define INV_OPS_ROW_MIN_H

#include "core/sums.h"


#endif
