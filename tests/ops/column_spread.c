#include "harness.h"

#include <math.h>

/* Adds size * 2^(-149 factors), in the digits from `out` on: as the operator splits what one number
 * adds.  Sizes here have 53 bits at most. */
static void add(double *out, int64_t columns, int factors, int exponent, double size, double sign)
{
    int place = exponent + 149 * factors;
    for (int i = place / 24; size > 0; i++, size = floor(ldexp(size, -24))) {
        double part = ldexp(fmod(size, 0x1p24), place % 24), low = fmod(part, 0x1p24);
        out[i * columns] += sign * low;
        out[(i + 1) * columns] += sign * ldexp(part - low, -24);
    }
}

/* A number as a whole one of 24 bits times 2^exponent. */
static double whole(double x, int *exponent)
{
    *exponent = fabs(x) > 0x1p-126 ? ilogb(fabs(x)) - 23 : -149;
    return ldexp(fabs(x), -*exponent);
}

static void eval(struct oracle *o, const struct node *n)
{
    const struct shape *from = oracle_shape(o, n, 0);
    int64_t columns = oracle_extent(o, from, 2);
    double *out = o->value[n->id];
    for (int64_t i = 0; i < oracle_elements(o, &n->shape); i++)
        out[i] = 0.0;
    for (struct walk w = walk_start(o, from); walk_more(&w); walk_next(&w)) {
        double x = oracle_operand(o, n, 0)[w.element], sign = x < 0 ? -1 : 1;
        int e, f = 0, weighted = n->count > 1;
        double size = whole(x, &e), weight = 1, *at = out + w.index[2];
        if (weighted)
            weight = whole(oracle_operand(o, n, 1)[w.element], &f);
        double square = size * size, low = fmod(square, 0x1p24), high = ldexp(square - low, -24);
        add(at, columns, 1 + weighted, e + f, size * weight, sign);
        at += (weighted ? 30 : 16) * columns;
        if (!weighted)
            add(at, columns, 2, 2 * e, square, 1);
        else {
            add(at, columns, 3, 2 * e + f, low * weight, 1);
            add(at, columns, 3, 2 * e + f + 24, high * weight, 1);
        }
    }
}

static const struct op_case cases[] = {
    {"one", {{F32, SHAPE(1, 5, 3), .low = -2, .high = 2, .fixed = true}}, 1, NULL},
    {"tiny", {{F32, SHAPE(1, 9, 1), .low = -1e-38, .high = 1e-38, .fixed = true}}, 1, NULL},
    {"large", {{F32, SHAPE(1, 4, 2), .low = -3e38, .high = 3e38, .fixed = true}}, 1, NULL},
    {"rows", {{F32, SHAPE(1, 3, 2), .batch = 2, .low = -7, .high = 9, .fixed = true}}, 1, NULL},
    {"weighted",
     {{F32, SHAPE(1, 4, 2), .batch = 2, .low = -7, .high = 9, .fixed = true},
      {F32, SHAPE(1, 4, 2), .batch = 2, .low = 0, .high = 2, .fixed = true}},
     2, NULL},
};

const struct op_test test_column_spread = {.eval = eval, CASES(cases)};
