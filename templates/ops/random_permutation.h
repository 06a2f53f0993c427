/*
 * A permutation of 0 .. n - 1 by Fisher and Yates, drawn from word i for place i, i descending
 */
#ifndef INV_OPS_RANDOM_PERMUTATION_H
#define INV_OPS_RANDOM_PERMUTATION_H

#include "core/philox.h"

INV_FN void inv_random_permutation(int32_t *out, int64_t n, const uint32_t key[2], uint64_t moment,
                                   uint32_t stream)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = (int32_t)i;
    for (int64_t i = n - 1; i > 0; i--) {
        uint32_t word = inv_random_word(key, (uint64_t)i, moment, stream);
        uint32_t j = inv_integer(word, (uint32_t)(i + 1));
        int32_t swapped = out[i];
        out[i] = out[j];
        out[j] = swapped;
    }
}


#endif
