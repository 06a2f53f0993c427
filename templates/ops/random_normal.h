/* Mean 0, deviation 1: inv_normal_quad and inv_random_normal of core/philox.h. */
#ifndef INV_OPS_RANDOM_NORMAL_H
#define INV_OPS_RANDOM_NORMAL_H

#include "core/philox.h"


#endif
