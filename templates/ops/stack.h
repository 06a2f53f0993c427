/* The values of a loop's turns, each at its place: nothing is computed, elements are copied. */
#ifndef INV_OPS_STACK_H
#define INV_OPS_STACK_H

#include "core/arith.h"


#endif
