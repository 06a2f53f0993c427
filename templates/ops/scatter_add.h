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
INV_FN void inv_scatter_add(float *out, const float *g, const int32_t *index, int64_t n,
                            int64_t rows, int64_t columns, int64_t first, int64_t last)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = first; c < last; c++)
            out[i * columns + c] = 0.0f;
    for (int64_t r = 0; r < rows; r++) {
        float *to = out + inv_take_index(index[r], n) * columns;
        for (int64_t c = first; c < last; c++)
            to[c] = inv_add(to[c], g[r * columns + c]);
    }
}


#endif
