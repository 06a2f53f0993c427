/* out[i] = a[i] * out[i - 1] + b[i] along a line, from its first element, or from its last. */
#ifndef INV_OPS_RECURRENCE_H
#define INV_OPS_RECURRENCE_H

#include "core/arith.h"

/* Columns first .. last - 1 of out, a and b, all [n, columns]. */
INV_FN void inv_recurrence(float *out, const float *a, const float *b, inv_index n, inv_index rows,
                           inv_index columns, inv_index first, inv_index last, int reverse)
{
    (void)rows;
    inv_index step = reverse ? -columns : columns, at = reverse ? (n - 1) * columns : 0;
    for (inv_index c = first; c < last; c++)
        out[at + c] = b[at + c];
    for (inv_index i = 1; i < n; i++) {
        at += step;
        for (inv_index c = first; c < last; c++)
            out[at + c] = inv_fma(a[at + c], out[at - step + c], b[at + c]);
    }
}

#endif
