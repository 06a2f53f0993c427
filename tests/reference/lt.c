/* Less; false where an operand is NaN */
#include "reference.h"

static int32_t lt_real(float a, float b)
{
    return a < b;
}

static int32_t lt_whole(int32_t a, int32_t b)
{
    return a < b;
}

static int32_t lt_wide(int64_t a, int64_t b)
{
    return a < b;
}

void compute_lt(const struct call *c)
{
    map_relation(c, &(struct relation){lt_real, lt_whole, lt_wide});
}
