/* x^y with the special cases of IEEE 754-2019 */
#include <math.h>
#include "reference.h"

/* log2 of m in [sqrt(1/2), sqrt(2)) as the sum of the result and *low. */
static float log2_twofold(float m, float *low)
{
    static const float c[] = {0x1.202c9ap-2f, 0x1.47b4b4p-2f, 0x1.a61946p-2f, 0x1.2776c4p-1f};
    float f = m - 1.0f, g = m + 1.0f, back = g - 1.0f;
    float g_low = (1.0f - (g - back)) + (m - back);
    float s = f / g;
    float s_low = fmaf(-s, g_low, fmaf(-s, g, f)) / g;
    float z = s * s;
    float z_low = fmaf(2.0f * s, s_low, fmaf(s, s, -z));
    float p = z * polynomial(z, c, 4);
    float t = 0x1.ec709ep-1f + p;
    float t_low = (p - (t - 0x1.ec709ep-1f)) + -0x1.e2fe02p-28f;
    float v = z * t;
    float v_low = fmaf(z, t, -v) + fmaf(z, t_low, z_low * t);
    float w = 0x1.715476p+1f + v;
    float w_low = (v - (w - 0x1.715476p+1f)) + (v_low + 0x1.4ae0c0p-25f);
    float l = s * w;
    *low = fmaf(s, w, -l) + fmaf(s, w_low, s_low * w);
    return l;
}

/* x positive and finite, y finite */
static float positive(float x, float y)
{
    float e, low, k;
    float l = log2_twofold(mantissa(x, &e), &low);
    float h = e + l;
    low = low + (l - (h - e));
    float log2_x = h + low;
    float log2_low = low - (log2_x - h);
    float product = y * log2_x;
    float product_low = fmaf(y, log2_low, fmaf(y, log2_x, -product));
    float a = limit(product, -160.0f, 135.0f);
    product_low = a == product ? product_low : 0.0f;
    int n = nearest(a, &k);
    float r = a - k, t = r + product_low;
    float t_low = product_low - (t - r);
    float linear = 0x1.62e43p-1f * t;
    float linear_low = fmaf(0x1.62e43p-1f, t_low, fmaf(0x1.62e43p-1f, t, -linear));
    float tail = fmaf(power_tail(t), t * t, linear_low);
    float sum = 1.0f + linear;
    tail = tail + (linear - (sum - 1.0f));
    return times_power(sum + tail, n);
}

static float magnitude(float a, float y)
{
    if (a == 1.0f && isinf(y))
        return 1.0f;
    if (a == 0.0f || isinf(a) || isinf(y))
        return (a > 1.0f) == (y > 0.0f) ? INFINITY : 0.0f;
    return positive(a, y);
}

static float pow_real(float x, float y)
{
    if (x == 1.0f || y == 0.0f)
        return 1.0f;
    if (isnan(x) || isnan(y))
        return NAN;
    bool whole = floorf(y) == y;
    bool odd = whole && fabsf(y) < 0x1p+24f && floorf(0.5f * y) != 0.5f * y;
    if (x < 0.0f && !isinf(x) && !whole)
        return NAN;
    float p = magnitude(fabsf(x), y);
    return odd ? copy_sign(p, x) : p;
}

void compute_pow(const struct call *c)
{
    map_binary(c, &(struct binary){.real = pow_real});
}
