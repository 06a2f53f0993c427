/* 0 with the probability p of dropping, else 1 */
#ifndef INV_OPS_RANDOM_KEEP_H
#define INV_OPS_RANDOM_KEEP_H

#include "core/philox.h"

INV_FN int32_t inv_random_keep_of(const struct inv_draw *draw, int64_t j, float p)
{
    return inv_keep(draw->word[j], inv_keep_threshold((double)p));
}

#endif
