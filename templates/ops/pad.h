/* Elements placed in a whole of +0: nothing is computed, elements are copied. */
#ifndef INV_OPS_PAD_H
#define INV_OPS_PAD_H

#include "core/arith.h"


#endif
