/* Quotient, correctly rounded */
#include "reference.h"

static float div_real(float a, float b)
{
    return a / b;
}

void compute_div(const struct call *c)
{
    map_binary(c, &(struct binary){.real = div_real});
}
