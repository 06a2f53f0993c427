/* e^x - 1 */
#include <math.h>
#include "reference.h"

static float expm1_real(float x)
{
    struct exponential e = exponential(limit(x, -30.0f, 89.0f));
    if (x == 0.0f || e.n == 0)
        return x == 0.0f ? x : e.p;
    float h = times_power(1.0f, e.n - 1);
    float t = h - 0.5f, t_low = (h - t) - 0.5f;
    float g = h * e.p, s = t + g;
    float s_low = (g - (s - t)) + fmaf(h, e.low, t_low);
    return 2.0f * (s + s_low);
}

void compute_expm1(const struct call *c)
{
    map_unary(c, &(struct unary){.real = expm1_real});
}
