/*
 * Cumulative sums: element i of a line is the column sum (numerics.md, section 3.5) of the elements
 * up to it, or where `reverse` is set from the last one down to it.
 */
#ifndef INV_OPS_CUMSUM_H
#define INV_OPS_CUMSUM_H

#include "core/sums.h"

/* Columns first .. last - 1 of out and x, both [n, columns]. */
INV_FN void inv_cumsum(float *out, const float *x, inv_index n, inv_index rows, inv_index columns,
                       inv_index first, inv_index last, int reverse)
{
    (void)rows;
    for (inv_index c = first; c < last; c += INV_LANES) {
        inv_index width = last - c < INV_LANES ? last - c : INV_LANES;
        float total[INV_LANES], chunk[INV_LANES];
        inv_lanes_clear(total);
        inv_lanes_clear(chunk);
        for (inv_index i = 0; i < n; i++) {
            inv_index at = (reverse ? n - 1 - i : i) * columns + c;
            if (i > 0 && i % INV_CHUNK == 0)
                for (inv_index j = 0; j < width; j++) {
                    total[j] = inv_add(total[j], chunk[j]);
                    chunk[j] = 0.0f;
                }
            for (inv_index j = 0; j < width; j++) {
                chunk[j] = inv_add(chunk[j], x[at + j]);
                out[at + j] = inv_add(total[j], chunk[j]);
            }
        }
    }
}

#endif
