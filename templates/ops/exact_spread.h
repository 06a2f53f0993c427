/* n sums of squared distances from the mean, each of rows * cases numbers, or of numbers with
 * weights, `cases` of each row; rounded once */
#ifndef INV_OPS_EXACT_SPREAD_H
#define INV_OPS_EXACT_SPREAD_H

#include "core/exact.h"

INV_FN void inv_exact_spread(float *out, inv_index n, const int64_t *word, int64_t rows,
                             int64_t cases)
{
    for (inv_index k = 0; k < n; k++)
        out[k] = inv_exact_spread_of(word + k, n, (uint64_t)rows * (uint64_t)cases);
}

INV_FN void inv_exact_weighted_spread(float *out, inv_index n, const int64_t *word,
                                      const int64_t *weight, int64_t cases)
{
    for (inv_index k = 0; k < n; k++)
        out[k] = inv_exact_weighted_spread_of(word + k, n, weight, (uint32_t)cases);
}

#endif
