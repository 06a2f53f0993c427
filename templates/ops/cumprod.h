/* Cumulative products along a line, in order from its first element, or from its last. */
#ifndef INV_OPS_CUMPROD_H
#define INV_OPS_CUMPROD_H

#include "core/arith.h"

/* Columns first .. last - 1 of out and x, both [n, columns]. */
INV_FN void inv_cumprod(float *out, const float *x, inv_index n, inv_index rows, inv_index columns,
                        inv_index first, inv_index last, int reverse)
{
    (void)rows;
    inv_index step = reverse ? -columns : columns, at = reverse ? (n - 1) * columns : 0;
    for (inv_index c = first; c < last; c++)
        out[at + c] = x[at + c];
    for (inv_index i = 1; i < n; i++) {
        at += step;
        for (inv_index c = first; c < last; c++)
            out[at + c] = inv_mul(out[at - step + c], x[at + c]);
    }
}

#endif
