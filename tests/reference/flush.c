/* +0 where the magnitude is below the least normal number */
#include <math.h>
#include "reference.h"

static float flush_real(float x)
{
    return fabsf(x) < 0x1p-126f ? 0.0f : x;
}

void compute_flush(const struct call *c)
{
    map_unary(c, &(struct unary){.real = flush_real});
}
