/* Uniform in [0, 1), a multiple of 2^-24, from the word of an element */
#ifndef INV_OPS_RANDOM_UNIFORM_H
#define INV_OPS_RANDOM_UNIFORM_H

#include "core/philox.h"

INV_FN float inv_random_uniform_of(const struct inv_draw *draw, int64_t j)
{
    return inv_uniform(draw->word[j]);
}

#endif
