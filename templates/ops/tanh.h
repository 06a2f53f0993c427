/* tanh(x), at most 1 ulp; -0 gives -0. */
#ifndef INV_OPS_TANH_H
#define INV_OPS_TANH_H

#include "core/elementary.h"

/* a + a z P(z), z = a^2, for 0 <= a <= 0.65; error 2^-31 */
INV_FN float inv_tanh_small(float a)
{
    float z = inv_mul(a, a);
    float p = 0x1.0b6e10p-9f;
    p = inv_fma(p, z, -0x1.081faap-7f);
    p = inv_fma(p, z, 0x1.62ba9ep-6f);
    p = inv_fma(p, z, -0x1.b9da42p-5f);
    p = inv_fma(p, z, 0x1.110ff6p-3f);
    p = inv_fma(p, z, -0x1.555552p-2f);
    return inv_fma(inv_mul(a, z), p, a);
}

/* 1 - 2 / (exp(2 a) + 1) for a > 0.65, the quotient and the difference with their low parts */
INV_FN float inv_tanh_large(float a)
{
    uint32_t n;
    float low;
    float t = inv_mul(2.0f, a);
    uint32_t more = 0u - (uint32_t)(t > 20.0f);
    float p = inv_exp_kernel(inv_choose(more, 20.0f, t), &n, &low);
    float power = inv_power_of_two(n);
    float one = inv_add(power, 1.0f);
    float d = inv_fma(power, p, one);
    float d_low = inv_fma(power, low, inv_fma(power, p, inv_sub(one, d)));
    float q = inv_div(2.0f, d);
    float rest = inv_fma(-q, d_low, inv_fma(-q, d, 2.0f));
    float y = inv_sub(1.0f, q);
    float y_low = inv_sub(inv_sub(1.0f, y), q);
    return inv_add(y, inv_fma(inv_mul(-0.5f, q), rest, y_low));
}

INV_FN float inv_tanh(float x)
{
    float a = inv_abs(x);
    uint32_t small = 0u - (uint32_t)(a < 0.65f);
    return inv_copysign(inv_choose(small, inv_tanh_small(a), inv_tanh_large(a)), x);
}

/* x and tanh(x), for core/selftest.c. */
#define INV_ANSWER_tanh 0x3e400000u, 0x3e3dc7fdu

#endif
