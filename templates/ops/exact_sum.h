/* n exact sums, digit d of sum k at word[n * d + k], each rounded once */
#ifndef INV_OPS_EXACT_SUM_H
#define INV_OPS_EXACT_SUM_H

#include "core/exact.h"

INV_FN void inv_exact_sum(float *out, inv_index n, const int64_t *word)
{
    for (inv_index k = 0; k < n; k++)
        out[k] = inv_exact_mean(word + k, n, 1);
}

#endif
