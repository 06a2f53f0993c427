/* Equal; NaN equals nothing, -0 equals +0 */
#include "reference.h"

static int32_t eq_real(float a, float b)
{
    return a == b;
}

static int32_t eq_whole(int32_t a, int32_t b)
{
    return a == b;
}

static int32_t eq_wide(int64_t a, int64_t b)
{
    return a == b;
}

void compute_eq(const struct call *c)
{
    map_relation(c, &(struct relation){eq_real, eq_whole, eq_wide});
}
