/* The sign cleared; the least whole number stays */
#include <math.h>
#include "reference.h"

static float abs_real(float x)
{
    return fabsf(x);
}

static int32_t abs_whole(int32_t a)
{
    return a < 0 ? (int32_t)(0 - (uint32_t)a) : a;
}

void compute_abs(const struct call *c)
{
    map_unary(c, &(struct unary){.real = abs_real, .whole = abs_whole});
}
