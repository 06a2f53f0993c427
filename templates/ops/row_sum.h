/* The sum of a row in 32 lanes: inv_row_sum and INV_ROW_SUM of core/sums.h. */
#ifndef INV_OPS_ROW_SUM_H
#define INV_OPS_ROW_SUM_H

#include "core/sums.h"


#endif
