/* Greater; false where an operand is NaN */
#include "reference.h"

static int32_t gt_real(float a, float b)
{
    return a > b;
}

static int32_t gt_whole(int32_t a, int32_t b)
{
    return a > b;
}

static int32_t gt_wide(int64_t a, int64_t b)
{
    return a > b;
}

void compute_gt(const struct call *c)
{
    map_relation(c, &(struct relation){gt_real, gt_whole, gt_wide});
}
