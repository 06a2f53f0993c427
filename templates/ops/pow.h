/*
 * x^y, at most 1 ulp, with the special cases of IEEE 754-2019 pow: x^0 = 1^y = 1 even for NaN,
 * a negative finite x with a y that is no integer gives NaN.
 */
#ifndef INV_OPS_POW_H
#define INV_OPS_POW_H

#include "core/elementary.h"

/*
 * log2(m) = s (C0 + z (C1 + z P(z))), s = (m - 1) / (m + 1), z = s^2, for m in
 * [sqrt(1/2), sqrt(2)), as the sum of the result and *low; error about 2^-42.
 */
INV_FN float inv_pow_log2(float m, float *low)
{
    float f = inv_sub(m, 1.0f), g = inv_add(m, 1.0f);
    float back = inv_sub(g, 1.0f);
    float g_low = inv_add(inv_sub(1.0f, inv_sub(g, back)), inv_sub(m, back));
    float s = inv_div(f, g);
    float s_low = inv_div(inv_fma(-s, g_low, inv_fma(-s, g, f)), g);
    float z = inv_mul(s, s);
    float z_low = inv_fma(inv_mul(2.0f, s), s_low, inv_fma(s, s, -z));
    float p = 0x1.202c9ap-2f;
    p = inv_fma(p, z, 0x1.47b4b4p-2f);
    p = inv_fma(p, z, 0x1.a61946p-2f);
    p = inv_mul(z, inv_fma(p, z, 0x1.2776c4p-1f));
    float t = inv_add(0x1.ec709ep-1f, p);
    float t_low = inv_add(inv_sub(p, inv_sub(t, 0x1.ec709ep-1f)), -0x1.e2fe02p-28f);
    float v = inv_mul(z, t);
    float v_low = inv_add(inv_fma(z, t, -v), inv_fma(z, t_low, inv_mul(z_low, t)));
    float w = inv_add(0x1.715476p+1f, v);
    float w_low = inv_sub(v, inv_sub(w, 0x1.715476p+1f));
    w_low = inv_add(w_low, inv_add(v_low, 0x1.4ae0c0p-25f));
    float l = inv_mul(s, w);
    *low = inv_add(inv_fma(s, w, -l), inv_fma(s, w_low, inv_mul(s_low, w)));
    return l;
}

/* x^y for positive finite x and finite y */
INV_FN float inv_pow_positive(float x, float y)
{
    float e, low;
    uint32_t n;
    float m = inv_split(x, &e);
    float l = inv_pow_log2(m, &low);
    float h = inv_add(e, l);
    low = inv_add(low, inv_sub(l, inv_sub(h, e)));
    float log2_x = inv_add(h, low);
    float log2_low = inv_sub(low, inv_sub(log2_x, h));
    float product = inv_mul(y, log2_x);
    float product_low = inv_fma(y, log2_low, inv_fma(y, log2_x, -product));
    float a = inv_limit(product, -160.0f, 135.0f);
    product_low = a == product ? product_low : 0.0f;
    float r = inv_sub(a, inv_round(a, &n));
    float t = inv_add(r, product_low);
    float t_low = inv_sub(product_low, inv_sub(t, r));
    float linear = inv_mul(INV_LN2, t);
    float linear_low = inv_fma(INV_LN2, t_low, inv_fma(INV_LN2, t, -linear));
    float tail = inv_fma(inv_exp2_tail(t), inv_mul(t, t), linear_low);
    float sum = inv_add(1.0f, linear);
    tail = inv_add(tail, inv_sub(linear, inv_sub(sum, 1.0f)));
    return inv_scale(inv_add(sum, tail), n);
}

INV_FN float inv_pow(float x, float y)
{
    float a = inv_abs(x), b = inv_abs(y), half = inv_mul(0.5f, y);
    int whole = inv_floor(y) == y;
    int odd = whole && b < 0x1p+24f && inv_floor(half) != half;
    int up = (a > 1.0f) == (y > 0.0f);
    float edge = up ? INV_INFINITY : 0.0f;
    float p = inv_pow_positive(a, y);
    p = a == 0.0f || a == INV_INFINITY || b == INV_INFINITY ? edge : p;
    p = a == 1.0f && b == INV_INFINITY ? 1.0f : p;
    p = odd ? inv_copysign(p, x) : p;
    p = x < 0.0f && a < INV_INFINITY && !whole ? INV_NAN : p;
    p = x == x && y == y ? p : x + y;
    return x == 1.0f || y == 0.0f ? 1.0f : p;
}

#endif
