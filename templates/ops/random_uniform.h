/* Uniform in [0, 1), a multiple of 2^-24: inv_uniform of core/philox.h, of each word. */
#ifndef INV_OPS_RANDOM_UNIFORM_H
#define INV_OPS_RANDOM_UNIFORM_H

#include "core/philox.h"


#endif
