/* The sum of a column, a chain in chunks of 256: inv_column_sum of core/sums.h. */
#ifndef INV_OPS_COLUMN_SUM_H
#define INV_OPS_COLUMN_SUM_H

#include "core/sums.h"


#endif
