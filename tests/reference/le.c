/* Less or equal; false where an operand is NaN */
#include "reference.h"

static int32_t le_real(float a, float b)
{
    return a <= b;
}

static int32_t le_whole(int32_t a, int32_t b)
{
    return a <= b;
}

static int32_t le_wide(int64_t a, int64_t b)
{
    return a <= b;
}

void compute_le(const struct call *c)
{
    map_relation(c, &(struct relation){le_real, le_whole, le_wide});
}
