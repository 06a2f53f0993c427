/* Error function */
#include <math.h>
#include "reference.h"

static float small(float a)
{
    static const float c[] = {-0x1.230880p-17f, 0x1.c8c8d8p-14f, -0x1.b9d558p-11f, 0x1.55e0eep-8f,
                              -0x1.b82232p-6f,  0x1.ce2ea2p-4f,  -0x1.812744p-2f,  0x1.06eba8p-3f};
    return fmaf(polynomial(a * a, c, 8), a, a);
}

static float large(float a)
{
    static const float c[] = {-0x1.cf63bap-19f, 0x1.c8a356p-16f,  0x1.2f695cp-13f, -0x1.a31f68p-9f,
                              0x1.7abaa2p-6f,   -0x1.b0e8f0p-4f, -0x1.455312p-1f, -0x1.20ec0cp+0f};
    float t = limit(a, 1.0f, 3.93f);
    struct exponential e = exponential(t * polynomial(t, c, 8));
    float power = times_power(1.0f, e.n);
    return fmaf(-power, e.p, 1.0f - power);
}

static float erf_real(float x)
{
    float a = fabsf(x);
    return copy_sign(a < 1.0f ? small(a) : large(a), x);
}

void compute_erf(const struct call *c)
{
    map_unary(c, &(struct unary){.real = erf_real});
}
