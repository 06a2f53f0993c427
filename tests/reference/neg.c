/* The sign flipped, of zeros and NaN too; whole numbers wrap */
#include "reference.h"

static float neg_real(float x)
{
    return -x;
}

static int32_t neg_whole(int32_t a)
{
    return (int32_t)(0 - (uint32_t)a);
}

static int64_t neg_wide(int64_t a)
{
    return (int64_t)(0 - (uint64_t)a);
}

void compute_neg(const struct call *c)
{
    map_unary(c, &(struct unary){.real = neg_real, .whole = neg_whole, .wide = neg_wide});
}
