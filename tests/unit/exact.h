/* Exact values by MPFR, to 70 bits, and the distance of a binary32 from them. */
#ifndef INV_UNIT_EXACT_H
#define INV_UNIT_EXACT_H

#include "core/arith.h"
#include <math.h>
#include <mpfr.h>

/* Returns MPFR's ternary value, which nothing looks at. */
typedef int exact_function(mpfr_t y, const mpfr_t x, mpfr_rnd_t round);

/* What MPFR and the C library do not have, under their names. */
#define mpfr_sigmoid exact_sigmoid
#define mpfr_rsqrt exact_rsqrt

static inline double sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static inline double rsqrt(double x)
{
    return 1.0 / sqrt(x);
}

static inline int exact_sigmoid(mpfr_t y, const mpfr_t x, mpfr_rnd_t round)
{
    mpfr_neg(y, x, round);
    mpfr_exp(y, y, round);
    mpfr_add_ui(y, y, 1, round);
    return mpfr_ui_div(y, 1, y, round);
}

static inline int exact_rsqrt(mpfr_t y, const mpfr_t x, mpfr_rnd_t round)
{
    mpfr_sqrt(y, x, round);
    return mpfr_ui_div(y, 1, y, round);
}

/* distance of y from the exact value in units of the last place of the latter's binade */
static inline double exact_ulps(double y, const mpfr_t exact)
{
    mpfr_t difference;
    mpfr_init2(difference, 70);
    long e = mpfr_zero_p(exact) ? -125 : mpfr_get_exp(exact);
    e = e < -125 ? -125 : e > 128 ? 128 : e;
    mpfr_set_d(difference, y, MPFR_RNDN);
    mpfr_sub(difference, difference, exact, MPFR_RNDN);
    double ulps = fabs(ldexp(mpfr_get_d(difference, MPFR_RNDN), (int)(24 - e)));
    mpfr_clear(difference);
    return ulps;
}

/* 0 where right; an overflow counts as 2^128, the next number of a wider range. */
static inline double exact_error(float y, const mpfr_t exact)
{
    float rounded = mpfr_get_flt(exact, MPFR_RNDN);
    if (inv_is_nan(y) || mpfr_nan_p(exact))
        return inv_is_nan(y) && mpfr_nan_p(exact) ? 0.0 : HUGE_VAL;
    if (inv_bits(y) == inv_bits(rounded))
        return inv_is_finite(y) ? exact_ulps(y, exact) : 0.0;
    if ((inv_bits(y) ^ inv_bits(rounded)) >> 31 != 0 || mpfr_inf_p(exact))
        return HUGE_VAL;
    if (!inv_is_finite(y))
        return fabs(ldexp(fabs(mpfr_get_d(exact, MPFR_RNDN)), -104) - 0x1p24);
    return exact_ulps(y, exact);
}

#endif
