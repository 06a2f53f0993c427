/* Functions that operators name which are declared wrongly. */
#include "core/arith.h"

INV_FN void last(void) {}
INV_FN void of_class(void) {}
INV_FN void to_layer(void) {}
INV_FN void alone(void) {}
INV_FN void counted(void) {}
INV_FN void wide(void) {}
INV_FN void each(void) {}
