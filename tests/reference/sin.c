/* Sine of radians */
#include <math.h>
#include "reference.h"

float sin_real(float x)
{
    if (!(fabsf(x) < INFINITY))
        return NAN;
    float y = sine_of(reduce_angle(x), 0);
    return signbit(x) ? -y : y;
}

void compute_sin(const struct call *c)
{
    map_unary(c, &(struct unary){.real = sin_real});
}
