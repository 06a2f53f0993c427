/* Hyperbolic tangent */
#include <math.h>
#include "reference.h"

static float small(float a)
{
    static const float c[] = {0x1.0b6e10p-9f,  -0x1.081faap-7f, 0x1.62ba9ep-6f,
                              -0x1.b9da42p-5f, 0x1.110ff6p-3f,  -0x1.555552p-2f};
    float z = a * a;
    return fmaf(a * z, polynomial(z, c, 6), a);
}

static float large(float a)
{
    struct exponential e = exponential(limit(2.0f * a, 0.0f, 20.0f));
    float power = times_power(1.0f, e.n);
    float one = power + 1.0f;
    float d = fmaf(power, e.p, one);
    float d_low = fmaf(power, e.low, fmaf(power, e.p, one - d));
    float q = 2.0f / d;
    float rest = fmaf(-q, d_low, fmaf(-q, d, 2.0f));
    float y = 1.0f - q, y_low = (1.0f - y) - q;
    return y + fmaf(-0.5f * q, rest, y_low);
}

static float tanh_real(float x)
{
    float a = fabsf(x);
    return copy_sign(a < 0.65f ? small(a) : large(a), x);
}

void compute_tanh(const struct call *c)
{
    map_unary(c, &(struct unary){.real = tanh_real});
}
