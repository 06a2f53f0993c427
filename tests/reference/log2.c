/* Logarithm to base 2 */
#include <math.h>
#include "reference.h"

static float log2_real(float x)
{
    static const float c[] = {0x1.801f0ap-4f,  -0x1.550c30p-3f, 0x1.60acdap-3f, -0x1.6f6a26p-3f,
                              0x1.a4090ep-3f,  -0x1.ec694ap-3f, 0x1.277f38p-2f, -0x1.7154c4p-2f,
                              0x1.ec7088p-2f,  -0x1.715476p-1f};
    float e;
    if (x == 0.0f)
        return -INFINITY;
    if (x < 0.0f)
        return NAN;
    if (!(x < INFINITY))
        return x;
    float f = mantissa(x, &e) - 1.0f;
    float h = f * 0x1.715476p+0f;
    float l = fmaf(f, 0x1.4ae0c0p-26f, fmaf(f, 0x1.715476p+0f, -h));
    float s = e + h;
    float t = h - (s - e);
    return s + fmaf(f * f, polynomial(f, c, 10), t + l);
}

void compute_log2(const struct call *c)
{
    map_unary(c, &(struct unary){.real = log2_real});
}
