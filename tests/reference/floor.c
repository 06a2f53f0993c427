/* The largest integer not above x */
#include <math.h>
#include "reference.h"

static float floor_real(float x)
{
    return floorf(x);
}

void compute_floor(const struct call *c)
{
    map_unary(c, &(struct unary){.real = floor_real});
}
