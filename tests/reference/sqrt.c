/* Square root, correctly rounded */
#include <math.h>
#include "reference.h"

static float sqrt_real(float x)
{
    return sqrtf(x);
}

void compute_sqrt(const struct call *c)
{
    map_unary(c, &(struct unary){.real = sqrt_real});
}
