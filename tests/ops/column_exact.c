#include "harness.h"

#include <math.h>

/* Each number is a whole one, of 24 bits, times 2^(24 i + s - 149), s below 24. */
static void eval(struct oracle *o, const struct node *n)
{
    const struct shape *from = oracle_shape(o, n, 0);
    int64_t columns = oracle_extent(o, from, 2);
    double *out = o->value[n->id];
    for (int64_t i = 0; i < oracle_elements(o, &n->shape); i++)
        out[i] = 0.0;
    for (struct walk w = walk_start(o, from); walk_more(&w); walk_next(&w)) {
        double x = oracle_operand(o, n, 0)[w.element], size = fabs(x);
        int exponent = size > 0x1p-126 ? ilogb(size) - 23 + 149 : 0;
        double low = fmod(ldexp(size, 149 - exponent / 24 * 24), 0x1p24);
        double high = ldexp(ldexp(size, 149 - exponent / 24 * 24) - low, -24);
        out[(int64_t)(exponent / 24) * columns + w.index[2]] += x < 0 ? -low : low;
        out[(int64_t)(exponent / 24 + 1) * columns + w.index[2]] += x < 0 ? -high : high;
    }
}

static const struct op_case cases[] = {
    {"middle", {{F32, SHAPE(1, 5, 3), .low = -2, .high = 2, .fixed = true}}, 1, NULL},
    {"tiny", {{F32, SHAPE(1, 9, 1), .low = -1e-38, .high = 1e-38, .fixed = true}}, 1, NULL},
    {"large", {{F32, SHAPE(1, 4, 2), .low = -3e38, .high = 3e38, .fixed = true}}, 1, NULL},
    {"rows", {{F32, SHAPE(1, 3, 2), .batch = 2, .low = -7, .high = 9, .fixed = true}}, 1, NULL},
};

const struct op_test test_column_exact = {.eval = eval, CASES(cases)};
