/* Quotient, correctly rounded: inv_div of core/arith.h. */
#ifndef INV_OPS_DIV_H
#define INV_OPS_DIV_H

#include "core/arith.h"


#endif
