/* Cosine of radians */
#include <math.h>
#include "reference.h"

float cos_real(float x)
{
    return fabsf(x) < INFINITY ? sine_of(reduce_angle(x), 1) : NAN;
}

void compute_cos(const struct call *c)
{
    map_unary(c, &(struct unary){.real = cos_real});
}
