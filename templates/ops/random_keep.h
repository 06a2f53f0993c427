/* 0 with the probability of dropping: inv_keep of core/philox.h, of each word. */
#ifndef INV_OPS_RANDOM_KEEP_H
#define INV_OPS_RANDOM_KEEP_H

#include "core/philox.h"


#endif
