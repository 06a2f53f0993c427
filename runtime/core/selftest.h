/*
 * Whether this machine and build compute as docs/numerics.md demands: rounding, subnormals,
 * contraction of sums with products, fma, division, square root, Philox and the elementary
 * functions, each on a few inputs that a known fault gets wrong. Takes a few microseconds and
 * touches no code of a level: kernels are compared in core/check_level.h, those that run.
 */
#ifndef INV_CORE_SELFTEST_H
#define INV_CORE_SELFTEST_H

#ifdef __cplusplus
extern "C" {
#endif

/* NULL, or why this machine or build must not be trusted */
const char *inv_selftest(void);

#ifdef __cplusplus
}
#endif

#endif
