/* 1 / sqrt(x) */
#include <math.h>
#include "reference.h"

static float rsqrt_real(float x)
{
    bool tiny = x < 0x1p-100f;
    float a = tiny ? x * 0x1p+60f : x;
    float s = sqrtf(a), r = 1.0f / s;
    if (!(x > 0.0f && x < INFINITY))
        return r;
    float e = fmaf(-s, s, a), d = fmaf(-s, r, 1.0f);
    float inner = fmaf(-0.5f * e, r * r, d);
    float y = fmaf(r, inner, r);
    return tiny ? y * 0x1p+30f : y;
}

void compute_rsqrt(const struct call *c)
{
    map_unary(c, &(struct unary){.real = rsqrt_real});
}
