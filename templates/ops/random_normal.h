/* Mean 0, deviation 1: pairs of elements are made from their pairs of words */
#ifndef INV_OPS_RANDOM_NORMAL_H
#define INV_OPS_RANDOM_NORMAL_H

#include "core/philox.h"

INV_FN float inv_random_normal_of(const struct inv_draw *draw, int64_t j)
{
    float pair[2];
    inv_normal_pair(draw->word[j & 2], draw->word[(j & 2) + 1], pair);
    return pair[j & 1];
}

#endif
