/* The largest integer not above a: inv_floor of core/arith.h. */
#ifndef INV_OPS_FLOOR_H
#define INV_OPS_FLOOR_H

#include "core/arith.h"


#endif
