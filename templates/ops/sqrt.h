/* Square root, correctly rounded: inv_sqrt of core/arith.h. */
#ifndef INV_OPS_SQRT_H
#define INV_OPS_SQRT_H

#include "core/arith.h"

#endif
