/* Normal within two deviations, by redraws */
#ifndef INV_OPS_RANDOM_TRUNCATED_NORMAL_H
#define INV_OPS_RANDOM_TRUNCATED_NORMAL_H

#include "core/philox.h"

INV_FN float inv_random_truncated_normal_of(const struct inv_draw *draw, int64_t j)
{
    return inv_random_truncated_normal(draw->key, 4 * draw->quad + (uint64_t)j, draw->moment,
                                       draw->stream);
}

#endif
