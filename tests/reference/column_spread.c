/* The exact sums of a column of x and x^2, in units of 2^-149 and 2^-298; or with weights w >= 0,
 * of w x and w x^2 in units of 2^-298 and 2^-447.  In digits of 24 bits with the sign of each
 * number, 14 for each factor, then the infinities of either sign, a NaN being both; what is not
 * finite is counted in the first sum, with weights as a NaN */
#include <math.h>
#include "reference.h"

/* value = whole * 2^(place - 149) */
static uint64_t whole_of(float value, int *place)
{
    int exponent;
    double fraction = frexp(fabs((double)value), &exponent);
    *place = exponent - 24 + 149 > 0 ? exponent - 24 + 149 : 0;
    return (uint64_t)ldexp(fraction, exponent + 149 - *place);
}

/* Adds the 24 bits of `whole` at that place. */
static void add_digit(int64_t *digit, int64_t columns, int place, uint64_t whole, int sign)
{
    uint64_t shifted = whole << place % 24;
    digit[place / 24 * columns] += sign * (int64_t)(shifted % (1 << 24));
    digit[(place / 24 + 1) * columns] += sign * (int64_t)(shifted >> 24);
}

/* a * b * c, each of 24 bits, in pieces of 24 bits; c is at least 1. */
static void add_product(int64_t *digit, int64_t columns, int place, const uint64_t factor[3],
                        int sign)
{
    uint64_t mask = (1 << 24) - 1, two = factor[0] * factor[1];
    uint64_t low = (two & mask) * factor[2], high = (two >> 24) * factor[2];
    add_digit(digit, columns, place, low & mask, sign);
    add_digit(digit, columns, place + 24, low >> 24, sign);
    add_digit(digit, columns, place + 24, high & mask, sign);
    add_digit(digit, columns, place + 48, high >> 24, sign);
}

static void add(const struct call *c, int64_t e, int64_t columns)
{
    int64_t *digit = c->y->wide + e % columns;
    int weighted = c->node->count == 2, words = weighted ? 30 : 16, place, at = 0;
    float x = c->x[0]->real[e], w = weighted ? c->x[1]->real[e] : 1.0f;
    if (!isfinite(x) || !isfinite(w)) {
        digit[(words - 2) * columns] += weighted || !(x < 0);
        digit[(words - 1) * columns] += weighted || !(x > 0);
        return;
    }
    uint64_t whole = whole_of(x, &place), weight = weighted ? whole_of(w, &at) : 1;
    add_product(digit, columns, place + at, (uint64_t[]){whole, 1, weight}, x < 0 ? -1 : 1);
    add_product(digit + words * columns, columns, 2 * place + at,
                (uint64_t[]){whole, whole, weight}, 1);
}

void compute_column_spread(const struct call *c)
{
    for (int64_t e = 0; e < c->x[0]->count; e++)
        add(c, e, c->x[0]->dim[2]);
}
