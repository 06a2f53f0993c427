/* log(1 + x) */
#include <math.h>
#include "reference.h"

static float log1p_real(float x)
{
    float e, u = 1.0f + x;
    if (x == 0.0f)
        return x;
    if (x == -1.0f)
        return -INFINITY;
    if (x < -1.0f)
        return NAN;
    if (!(x < INFINITY))
        return x;
    float c = x < 1.0f ? x - (u - 1.0f) : 1.0f - (u - x);
    float m = mantissa(u, &e);
    if (e == 0.0f)
        return logarithm(e, x, 0.0f);
    return logarithm(e, m - 1.0f, x > 0x1p+25f ? 0.0f : c / u);
}

void compute_log1p(const struct call *c)
{
    map_unary(c, &(struct unary){.real = log1p_real});
}
