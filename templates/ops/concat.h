/* Pieces placed end to end: nothing is computed, elements are copied. */
#ifndef INV_OPS_CONCAT_H
#define INV_OPS_CONCAT_H

#include "core/arith.h"


#endif
