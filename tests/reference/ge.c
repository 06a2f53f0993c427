/* Greater or equal; false where an operand is NaN */
#include "reference.h"

static int32_t ge_real(float a, float b)
{
    return a >= b;
}

static int32_t ge_whole(int32_t a, int32_t b)
{
    return a >= b;
}

static int32_t ge_wide(int64_t a, int64_t b)
{
    return a >= b;
}

void compute_ge(const struct call *c)
{
    map_relation(c, &(struct relation){ge_real, ge_whole, ge_wide});
}
