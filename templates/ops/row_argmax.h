/*
 * The index of the first NaN of a row, else of the first maximum: inv_row_argmax of core/sums.h.
 */
#ifndef INV_OPS_ROW_ARGMAX_H
#define INV_OPS_ROW_ARGMAX_H

#include "core/sums.h"


#endif
