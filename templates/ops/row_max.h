/* The maximum of a row, NaN where one is in it: inv_row_max of core/sums.h. */
#ifndef INV_OPS_ROW_MAX_H
#define INV_OPS_ROW_MAX_H

#include "core/sums.h"


#endif
