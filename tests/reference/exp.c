/* e^x */
#include "reference.h"

static float exp_real(float x)
{
    struct exponential e = exponential(limit(x, -105.0f, 90.0f));
    return times_power(1.0f + e.p, e.n);
}

void compute_exp(const struct call *c)
{
    map_unary(c, &(struct unary){.real = exp_real});
}
