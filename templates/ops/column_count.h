/* The exact sum of the whole numbers or truth values of a column */
#ifndef INV_OPS_COLUMN_COUNT_H
#define INV_OPS_COLUMN_COUNT_H

#include "core/arith.h"

/* x[r * stride], r = 0 .. rows - 1 */
INV_FN int64_t inv_column_count(const int32_t *x, int64_t stride, int64_t rows)
{
    int64_t count = 0;
    for (int64_t r = 0; r < rows; r++)
        count += x[r * stride];
    return count;
}


#endif
