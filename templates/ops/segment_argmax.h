/*
 * Which row of x with an index has the largest element: the first NaN, else the lowest row of the
 * maximum, -0 and +0 being equal; -1 where no row has that index.
 */
#ifndef INV_OPS_SEGMENT_ARGMAX_H
#define INV_OPS_SEGMENT_ARGMAX_H

#include "core/arith.h"
#include "ops/take.h"

/* out [n, columns] of x [rows, columns] for the columns first .. last - 1. */
INV_FN void inv_segment_argmax(int32_t *out, const float *x, const int32_t *index, inv_index n,
                               inv_index rows, inv_index columns, inv_index first, inv_index last)
{
    for (inv_index i = 0; i < n; i++)
        for (inv_index c = first; c < last; c++)
            out[i * columns + c] = -1;
    for (inv_index r = 0; r < rows; r++) {
        int32_t *to = out + inv_take_index(index[r], n) * columns;
        for (inv_index c = first; c < last; c++) {
            float value = x[r * columns + c], best = to[c] < 0 ? value : x[to[c] * columns + c];
            if (to[c] < 0 || (best == best && !(value <= best)))
                to[c] = (int32_t)r;
        }
    }
}

#endif
