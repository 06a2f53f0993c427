/* What the elementary functions share: docs/numerics.md, section 7. */
#include <math.h>
#include "reference.h"

float polynomial(float x, const float *c, int n)
{
    float p = c[0];
    for (int i = 1; i < n; i++)
        p = fmaf(p, x, c[i]);
    return p;
}

float limit(float x, float low, float high)
{
    if (x < low)
        return low;
    return x > high ? high : x;
}

float copy_sign(float magnitude, float sign)
{
    return float_of((bits_of(magnitude) & 0x7fffffff) | (bits_of(sign) & 0x80000000));
}

static float power_of_two(int e)
{
    return float_of((uint32_t)(e + 127) << 23);
}

float times_power(float x, int e)
{
    int low = (e + 256) / 2 - 128;
    float half = x * power_of_two(low);
    return half * power_of_two(e - low);
}

int nearest(float x, float *rounded)
{
    float t = x + 0x1.8p+23f;
    *rounded = t - 0x1.8p+23f;
    return (int)(bits_of(t) - 0x4b400000);
}

struct exponential exponential(float x)
{
    static const float c[] = {0x1.9e0796p-13f, 0x1.6d4372p-10f, 0x1.111308p-7f,
                              0x1.5554f0p-5f,  0x1.555554p-3f,  0.5f};
    struct exponential out;
    float t = fmaf(x, 0x1.715476p+0f, 0x1.8p+23f);
    float k = t - 0x1.8p+23f;
    out.n = (int)(bits_of(t) - 0x4b400000);
    float a = fmaf(k, -0x1.62e4p-1f, x);
    float r = fmaf(k, -0x1.7f7d1cp-20f, a);
    float r_low = fmaf(k, -0x1.7f7d1cp-20f, a - r);
    float square = r * r, p = polynomial(r, c, 6);
    out.p = fmaf(square, p, r);
    out.low = r_low + fmaf(square, p, r - out.p);
    return out;
}

float power_tail(float r)
{
    static const float c[] = {0x1.ed413ap-17f, 0x1.4424b4p-13f, 0x1.5d9b48p-10f,
                              0x1.3b2a48p-7f,  0x1.c6b076p-5f,  0x1.ebfbe0p-3f};
    return polynomial(r, c, 6);
}

float mantissa(float x, float *exponent)
{
    bool small = x < 0x1p-126f;
    uint32_t bits = bits_of(small ? x * 0x1p+24f : x) + (0x3f800000 - 0x3f3504f3);
    *exponent = (float)(bits >> 23) - (small ? 151.0f : 127.0f);
    return float_of((bits & 0x7fffff) + 0x3f3504f3);
}

float logarithm(float exponent, float f, float low)
{
    static const float c[] = {0x1.11bbeap-4f,  -0x1.dd5f6ep-4f, 0x1.e7a716p-4f, -0x1.fc4e7ap-4f,
                              0x1.232cf2p-3f,  -0x1.555ae0p-3f, 0x1.99a546p-3f, -0x1.00000ap-2f,
                              0x1.555546p-2f,  -0.5f};
    float a = exponent * 0x1.62e4p-1f;
    float s = a + f;
    float t = f - (s - a);
    float square = f * f;
    float tail = square * polynomial(f, c, 10);
    return s + (tail + fmaf(exponent, 0x1.7f7d1cp-20f, t + low));
}

/* Bits of 2/pi before and after the point; bit 0 stands for 2^31. */
static uint32_t pi_bits(int first)
{
    static const uint32_t word[] = {0x00000000, 0xa2f9836e, 0x4e441529, 0xfc2757d1,
                                    0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab};
    uint32_t out = 0;
    for (int i = first; i < first + 32; i++)
        out = out << 1 | (word[i / 32] >> (31 - i % 32) & 1);
    return out;
}

/* product = x 2/pi modulo 4, in units of 2^-62. */
static uint64_t quarter_turns(float a)
{
    int exponent = (int)(bits_of(a) >> 23);
    int first = (exponent < 126 ? 126 : exponent) - 120;
    uint64_t m = (bits_of(a) & 0x7fffff) | 0x800000;
    uint64_t low = pi_bits(first + 64) * m >> 32;
    uint64_t middle = pi_bits(first + 32) * m + low;
    return (pi_bits(first) * m << 32) + middle;
}

struct angle reduce_angle(float x)
{
    float a = fabsf(x);
    struct angle out = {a, 0.0f, 0};
    if (a < 0x1.921fb4p-1f || !(a < INFINITY))
        return out;
    uint64_t turns = quarter_turns(a);
    uint64_t whole = (turns + ((uint64_t)1 << 61)) >> 62;
    int64_t fraction = (int64_t)(turns - (whole << 62));
    int64_t above = fraction >> 38, rest = fraction & (((int64_t)1 << 38) - 1);
    float c2 = (float)above * 0x1p-24f;
    float c1 = (float)(rest >> 14) * 0x1p-48f;
    float c0 = (float)(rest & 0x3fff) * 0x1p-62f;
    float h = c2 + c1;
    float l = (c1 - (h - c2)) + c0;
    float p = h * 0x1.921fb6p+0f;
    float p_low = fmaf(h, -0x1.777a5cp-25f, l * 0x1.921fb6p+0f);
    p_low = p_low + fmaf(h, 0x1.921fb6p+0f, -p);
    out.r = p + p_low;
    out.low = p_low - (out.r - p);
    out.quadrant = (unsigned)(whole & 3);
    return out;
}

static float sine(float r, float low)
{
    static const float c[] = {0x1.7864bep-19f, -0x1.a04a74p-13f, 0x1.111166p-7f, -0x1.555556p-3f};
    float z = r * r;
    float tail = fmaf(-0.5f * z, low, low);
    return r + fmaf(r * z, polynomial(z, c, 4), tail);
}

static float cosine(float r, float low)
{
    static const float c[] = {-0x1.33c3b6p-22f, 0x1.a067fcp-16f, -0x1.6c1754p-10f, 0x1.555556p-5f};
    float z = r * r, half = 0.5f * z;
    float w = 1.0f - half;
    float tail = (1.0f - w) - half;
    return w + fmaf(z * z, polynomial(z, c, 4), fmaf(-r, low, tail));
}

float sine_of(struct angle angle, unsigned turns)
{
    unsigned q = (angle.quadrant + turns) & 3;
    float y = q & 1 ? cosine(angle.r, angle.low) : sine(angle.r, angle.low);
    return q & 2 ? -y : y;
}

float minimum(float a, float b)
{
    if (isnan(a) || isnan(b))
        return NAN;
    if (a == b)
        return signbit(a) ? a : b;
    return a < b ? a : b;
}

float maximum(float a, float b)
{
    return -minimum(-a, -b);
}
