/*
 * The gradient of take: g added where take read, out[index[r]][c] += g[r][c] with r ascending.
 * Per output this is a plain ascending chain from +0, without chunks. An output is touched by one
 * p and one c only, so work is split over p or over c.
 */
#ifndef INV_OPS_SCATTER_ADD_H
#define INV_OPS_SCATTER_ADD_H

#include "core/arith.h"
#include "ops/take.h"

/* out [n, columns] takes g [rows, columns] for the columns first .. last - 1. */
INV_FN void inv_scatter_add(float *out, const float *g, const int32_t *index, inv_index n,
                            inv_index rows, inv_index columns, inv_index first, inv_index last)
{
    for (inv_index i = 0; i < n; i++)
        for (inv_index c = first; c < last; c++)
            out[i * columns + c] = 0.0f;
    for (inv_index r = 0; r < rows; r++) {
        float *to = out + inv_take_index(index[r], n) * columns;
        for (inv_index c = first; c < last; c++)
            to[c] = inv_add(to[c], g[r * columns + c]);
    }
}


#endif
