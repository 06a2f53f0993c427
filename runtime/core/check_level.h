/*
 * Whether the code of one instruction-set level computes the bits of its portable form: the
 * contraction kernel, the orders of sums, loops over the elementary functions. Compiled once per
 * level; part of the self-test at every start, about a millisecond.
 */
#ifndef INV_CORE_CHECK_LEVEL_H
#define INV_CORE_CHECK_LEVEL_H

#include "core/level.h"

#ifdef __cplusplus
extern "C" {
#endif

#define inv_check_level INV_LEVEL_NAME(inv_check_level)

/* NULL, or what differs from its portable form at this level */
const char *inv_check_level(void);

#ifdef __cplusplus
}
#endif

#endif
