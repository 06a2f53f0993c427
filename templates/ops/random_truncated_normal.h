/* Normal within two deviations: inv_random_truncated_normal of core/philox.h. */
#ifndef INV_OPS_RANDOM_TRUNCATED_NORMAL_H
#define INV_OPS_RANDOM_TRUNCATED_NORMAL_H

#include "core/philox.h"


#endif
