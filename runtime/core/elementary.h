/*
 * What the elementary functions share: branch-free binary32 kernels of fma polynomials. The
 * functions themselves are in templates/ops. Polynomials: tests/tools/polynomials.py; the errors
 * named below are those of the polynomial, before rounding, relative to the function's result.
 */
#ifndef INV_CORE_ELEMENTARY_H
#define INV_CORE_ELEMENTARY_H

#include "core/arith.h"

#define INV_LN2_HI 0x1.62e4p-1f /* 16 bits: times an integer below 2^8 it is exact */
#define INV_LN2_LO 0x1.7f7d1cp-20f
#define INV_LN2 0x1.62e43p-1f
#define INV_LOG2E_HI 0x1.715476p+0f
#define INV_LOG2E_LO 0x1.4ae0c0p-26f
#define INV_HALF_PI_HI 0x1.921fb6p+0f
#define INV_HALF_PI_LO (-0x1.777a5cp-25f)

/* x limited to [low, high]; NaN stays */
INV_FN float inv_limit(float x, float low, float high)
{
    float y = x < low ? low : x;
    return y > high ? high : y;
}

/* nearest integer of x, |x| < 2^22, as a float and, modulo 2^32, in *n */
INV_FN float inv_round(float x, uint32_t *n)
{
    float t = inv_add(x, INV_ROUND_MAGIC);
    *n = inv_bits(t) - INV_ROUND_MAGIC_BITS;
    return inv_sub(t, INV_ROUND_MAGIC);
}

/* 2^e for -126 <= e <= 127, e modulo 2^32 */
INV_FN float inv_power_of_two(uint32_t e)
{
    return inv_from_bits((e + 127u) << 23);
}

/* a where the mask is all ones, b where it is 0: bits, since gcc makes branches of selects */
INV_FN float inv_choose(uint32_t mask, float a, float b)
{
    return inv_from_bits((inv_bits(a) & mask) | (inv_bits(b) & ~mask));
}

/*
 * exp(x) = 2^n (1 + p + low) for |x| <= 126: returns p, in [-0.293, 0.415]. The reduced argument
 * r lies within ln(2) / 2; p = r + r^2 P(r), error 2^-31.
 */
INV_FN float inv_exp_kernel(float x, uint32_t *n, float *low)
{
    float t = inv_fma(x, INV_LOG2E_HI, INV_ROUND_MAGIC);
    *n = inv_bits(t) - INV_ROUND_MAGIC_BITS;
    float k = inv_sub(t, INV_ROUND_MAGIC);
    float a = inv_fma(k, -INV_LN2_HI, x);
    float r = inv_fma(k, -INV_LN2_LO, a);
    float r_low = inv_fma(k, -INV_LN2_LO, inv_sub(a, r));
    float p = 0x1.9e0796p-13f;
    p = inv_fma(p, r, 0x1.6d4372p-10f);
    p = inv_fma(p, r, 0x1.111308p-7f);
    p = inv_fma(p, r, 0x1.5554f0p-5f);
    p = inv_fma(p, r, 0x1.555554p-3f);
    p = inv_fma(p, r, 0.5f);
    float square = inv_mul(r, r);
    float sum = inv_fma(square, p, r);
    *low = inv_add(r_low, inv_fma(square, p, inv_sub(r, sum)));
    return sum;
}

/* 2^r = 1 + r (ln(2) + r P(r)) for |r| <= 0.5: returns P, error 2^-32 */
INV_FN float inv_exp2_tail(float r)
{
    float p = 0x1.ed413ap-17f;
    p = inv_fma(p, r, 0x1.4424b4p-13f);
    p = inv_fma(p, r, 0x1.5d9b48p-10f);
    p = inv_fma(p, r, 0x1.3b2a48p-7f);
    p = inv_fma(p, r, 0x1.c6b076p-5f);
    return inv_fma(p, r, 0x1.ebfbe0p-3f);
}

/*
 * x = 2^e m, m in [sqrt(1/2), sqrt(2)): returns m, with e in *e. Positive finite x; subnormal x
 * is multiplied by 2^24 first.
 */
INV_FN float inv_split(float x, float *e)
{
    int subnormal = x < 0x1p-126f;
    float y = subnormal ? inv_mul(x, 0x1p+24f) : x;
    uint32_t u = inv_bits(y) + (0x3f800000u - 0x3f3504f3u);
    *e = inv_sub((float)(int32_t)(u >> 23), subnormal ? 151.0f : 127.0f);
    return inv_from_bits((u & 0x7fffffu) + 0x3f3504f3u);
}

/* log(1 + f) = f + f^2 P(f) for sqrt(1/2) <= 1 + f < sqrt(2): returns f^2 P, error 2^-30 */
INV_FN float inv_log_tail(float f)
{
    float p = 0x1.11bbeap-4f;
    p = inv_fma(p, f, -0x1.dd5f6ep-4f);
    p = inv_fma(p, f, 0x1.e7a716p-4f);
    p = inv_fma(p, f, -0x1.fc4e7ap-4f);
    p = inv_fma(p, f, 0x1.232cf2p-3f);
    p = inv_fma(p, f, -0x1.555ae0p-3f);
    p = inv_fma(p, f, 0x1.99a546p-3f);
    p = inv_fma(p, f, -0x1.00000ap-2f);
    p = inv_fma(p, f, 0x1.555546p-2f);
    p = inv_fma(p, f, -0.5f);
    return inv_mul(inv_mul(f, f), p);
}

/* e ln(2) + log(1 + f) + low, where e is an integer, |low| far below |f|; one rounding matters */
INV_FN float inv_log_join(float e, float f, float low)
{
    float a = inv_mul(e, INV_LN2_HI);
    float s = inv_add(a, f);
    float t = inv_sub(f, inv_sub(s, a));
    return inv_add(s, inv_add(inv_log_tail(f), inv_fma(e, INV_LN2_LO, inv_add(t, low))));
}

/*
 * |x| = q pi/2 + *r + *r_low with |*r| <= pi/4: returns q modulo 4. The bits of 2/pi from the one
 * that stands for 2 in the product with x are multiplied by its 24 bits as integers: 2 bits are
 * the quadrant, 62 the fraction, whose error is below 2^-61 for every x (Payne and Hanek 1983).
 */
INV_FN uint32_t inv_quadrant(float x, float *r, float *r_low)
{
    /* 32 zeros, then the bits of 2/pi */
    static const uint32_t bits[8] = {0x00000000u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u,
                                     0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu};
    float a = inv_abs(x);
    uint32_t u = inv_bits(a);
    uint32_t exponent = u >> 23 < 126u ? 126u : u >> 23;
    uint32_t first = exponent - 120u;
    uint32_t word = first >> 5, up = first & 31u, down = 31u - up;
    uint64_t m = (u & 0x7fffffu) | 0x800000u;
    uint32_t w2 = bits[word] << up | bits[word + 1] >> 1 >> down;
    uint32_t w1 = bits[word + 1] << up | bits[word + 2] >> 1 >> down;
    uint32_t w0 = bits[word + 2] << up | bits[word + 3] >> 1 >> down;
    uint64_t middle = w1 * m + ((w0 * m) >> 32);
    uint32_t high = (uint32_t)(w2 * m) + (uint32_t)(middle >> 32);
    uint32_t q = (high + 0x20000000u) >> 30;
    /* the signed fraction, plus 1, in pieces of 24, 24 and 14 bits, each exact as a float */
    uint32_t fraction = high - (q << 30) + 0x40000000u;
    float c2 = inv_mul((float)((int32_t)(fraction >> 6) - 0x1000000), 0x1p-24f);
    uint32_t next = (fraction & 63u) << 18 | ((uint32_t)middle >> 14);
    float c1 = inv_mul((float)(int32_t)next, 0x1p-48f);
    float c0 = inv_mul((float)(int32_t)((uint32_t)middle & 0x3fffu), 0x1p-62f);
    float h = inv_add(c2, c1);
    float l = inv_add(inv_sub(c1, inv_sub(h, c2)), c0);
    float p = inv_mul(h, INV_HALF_PI_HI);
    float p_low = inv_fma(h, INV_HALF_PI_LO, inv_mul(l, INV_HALF_PI_HI));
    p_low = inv_add(p_low, inv_fma(h, INV_HALF_PI_HI, -p));
    float s = inv_add(p, p_low);
    int small = a < 0x1.921fb4p-1f;
    *r = small ? a : s;
    *r_low = small ? 0.0f : inv_sub(p_low, inv_sub(s, p));
    return small ? 0u : q & 3u;
}

/* sin(r + low), |r| <= pi/4; error 2^-32 */
INV_FN float inv_sin_kernel(float r, float low)
{
    float z = inv_mul(r, r);
    float p = 0x1.7864bep-19f;
    p = inv_fma(p, z, -0x1.a04a74p-13f);
    p = inv_fma(p, z, 0x1.111166p-7f);
    p = inv_fma(p, z, -0x1.555556p-3f);
    float tail = inv_fma(inv_mul(-0.5f, z), low, low);
    return inv_add(r, inv_fma(inv_mul(r, z), p, tail));
}

/* cos(r + low), |r| <= pi/4; error 2^-36 */
INV_FN float inv_cos_kernel(float r, float low)
{
    float z = inv_mul(r, r);
    float p = -0x1.33c3b6p-22f;
    p = inv_fma(p, z, 0x1.a067fcp-16f);
    p = inv_fma(p, z, -0x1.6c1754p-10f);
    p = inv_fma(p, z, 0x1.555556p-5f);
    float half = inv_mul(0.5f, z);
    float w = inv_sub(1.0f, half);
    float tail = inv_sub(inv_sub(1.0f, w), half);
    float square = inv_mul(z, z);
    return inv_add(w, inv_fma(square, p, inv_fma(-r, low, tail)));
}

/* The sine for quadrant q, of either sign: bit 0 exchanges the kernels, bit 1 negates. */
INV_FN float inv_sin_quadrant(uint32_t q, float r, float low)
{
    float s = inv_sin_kernel(r, low);
    float c = inv_cos_kernel(r, low);
    float y = (q & 1u) != 0 ? c : s;
    return inv_from_bits(inv_bits(y) ^ (q & 2u) << 30);
}

#endif
