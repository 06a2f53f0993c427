/* Whole numbers 0 .. n - 1: inv_integer of core/philox.h, of each word. */
#ifndef INV_OPS_RANDOM_INTEGER_H
#define INV_OPS_RANDOM_INTEGER_H

#include "core/philox.h"


#endif
