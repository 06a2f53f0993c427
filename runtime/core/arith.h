/*
 * The arithmetic every generated program is made of: binary32, round to nearest even,
 * subnormals kept, one rounding per operation (docs/numerics.md, section 1).
 *
 * Common subset of C11, C++17 and CUDA; needs nothing but memcpy and builds bare-metal.
 */
#ifndef INV_CORE_ARITH_H
#define INV_CORE_ARITH_H

#include <float.h>
#include <stdint.h>
#include <string.h>

#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || \
    defined(__NO_SIGNED_ZEROS__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0)
#error "Invar: fast-math changes bits; compile without -ffast-math, -Ofast and their parts"
#endif
#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16 /* of _Float16 */
#error "Invar: float expressions must be evaluated in float (x86: -msse2 -mfpmath=sse; -std=gnu11)"
#endif
#if FLT_RADIX != 2 || FLT_MANT_DIG != 24 || FLT_MIN_EXP != -125 || FLT_MAX_EXP != 128
#error "Invar: float must be IEEE 754 binary32"
#endif
#if DBL_MANT_DIG != 53 && !defined(__CUDA_ARCH__)
#error "Invar: double must be IEEE 754 binary64"
#endif

#if defined(__CUDACC__)
#define INV_FN static __host__ __device__ __forceinline__
#elif defined(__GNUC__) && !defined(INV_SMALL)
#define INV_FN static inline __attribute__((always_inline, unused))
#elif defined(__GNUC__)
#define INV_FN static inline __attribute__((unused))
#else
#define INV_FN static inline
#endif

/* Of each function of a model: gcc is not to merge it with one that reads the same. gcc 12 gives
 * the second the code of the first by a call that it then inlines, and may lose its stores, as of
 * two equal transposes at level avx512: tests/cases/twins. */
#if defined(__has_attribute)
#if __has_attribute(no_icf)
#define INV_UNMERGED __attribute__((no_icf))
#endif
#endif
#ifndef INV_UNMERGED
#define INV_UNMERGED
#endif

/* Threads compute pieces of arrays that lie side by side. Of a loop that stores to two of these gcc
 * (12.2, -O3) may read elements behind its own piece before it, and store them as they were behind
 * it, as if there were no other thread: to save stores of what it takes for one array. */
#if defined(__GNUC__) && !defined(__clang__) && !defined(__CUDACC__) && !defined(INV_SMALL)
#pragma GCC optimize("no-predictive-commoning")
#endif

/* A function whose loops are unrolled many times over, and which takes long enough to be called: a
 * model that uses it in many places would take several times as long to compile were each call
 * inlined. */
#if defined(__GNUC__) && !defined(__CUDACC__)
#define INV_CALLED static __attribute__((noinline, unused))
#else
#define INV_CALLED INV_FN
#endif

/* What is long and needed in many places: in code of a library that must stay small (INV_COMPACT,
 * see core/tiles.h) it is called. */
#if defined(INV_COMPACT)
#define INV_LONG INV_CALLED
#else
#define INV_LONG INV_FN
#endif

/* Where code must stay small (INV_SMALL) indices take 32 bits; a function of more than a few
 * instructions is then INV_SHARED: one copy for all its callers. */
#if defined(INV_SMALL)
typedef int32_t inv_index;
#define INV_SHARED static __attribute__((noinline, unused))
#else
typedef int64_t inv_index;
#define INV_SHARED INV_FN
#endif

/* ROUND_MAGIC + n, |n| <= 2^22, holds the integer nearest n (ties to even) in its low bits. */
#define INV_ROUND_MAGIC 12582912.0f
#define INV_ROUND_MAGIC_BITS 0x4b400000u

INV_FN uint32_t inv_bits(float x)
{
#if defined(__CUDA_ARCH__)
    return __float_as_uint(x);
#else
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
#endif
}

INV_FN float inv_from_bits(uint32_t u)
{
#if defined(__CUDA_ARCH__)
    return __uint_as_float(u);
#else
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
#endif
}

#define INV_INFINITY inv_from_bits(0x7f800000u)
#define INV_NAN inv_from_bits(0x7fc00000u)

INV_FN float inv_add(float a, float b)
{
#if defined(__CUDA_ARCH__)
    return __fadd_rn(a, b);
#else
    return a + b;
#endif
}

INV_FN float inv_sub(float a, float b)
{
#if defined(__CUDA_ARCH__)
    return __fsub_rn(a, b);
#else
    return a - b;
#endif
}

INV_FN float inv_mul(float a, float b)
{
#if defined(__CUDA_ARCH__)
    return __fmul_rn(a, b);
#else
    return a * b;
#endif
}

INV_FN float inv_div(float a, float b)
{
#if defined(__CUDA_ARCH__)
    return __fdiv_rn(a, b);
#else
    return a / b;
#endif
}

INV_FN float inv_neg(float x)
{
    return inv_from_bits(inv_bits(x) ^ 0x80000000u);
}

INV_FN float inv_abs(float x)
{
    return inv_from_bits(inv_bits(x) & 0x7fffffffu);
}

/* magnitude of x, sign bit of s */
INV_FN float inv_copysign(float x, float s)
{
    return inv_from_bits((inv_bits(x) & 0x7fffffffu) | (inv_bits(s) & 0x80000000u));
}

/* Does the target have a binary32 fma instruction? INV_SOFT_FMA forces the software path. */
#if defined(INV_SOFT_FMA)
#define INV_HAS_FMA 0
#elif defined(__CUDA_ARCH__) || defined(__FMA__) || defined(__FMA4__) || defined(__aarch64__) || \
    defined(__ARM_FEATURE_FMA) || defined(__riscv_flen) || defined(__powerpc64__) || \
    defined(__s390x__) || defined(__FP_FAST_FMAF)
#define INV_HAS_FMA 1
#else
#define INV_HAS_FMA 0
#endif

/*
 * The sum of the exact doubles p and d, rounded to odd: of the two doubles around an inexact
 * sum it is the one whose last bit is 1, so that a later rounding to at most 51 bits is the
 * rounding of the exact sum (Boldo and Melquiond, "Emulation of FMA and correctly rounded
 * sums", 2008). The error term is Knuth's TwoSum. Infinities and NaN pass through. Integer
 * operations only on the bits, so that plain SSE2 vectorises it.
 */
INV_FN double inv_sum_to_odd(double p, double d)
{
    double s = p + d;
    double v = s - p;
    double e = (p - (s - v)) + (d - v);
    uint64_t su, eu;
    memcpy(&su, &s, sizeof su);
    memcpy(&eu, &e, sizeof eu);
    uint64_t magnitude = eu << 1;
    uint64_t nonzero = (magnitude | (0 - magnitude)) >> 63;
    uint64_t special = ((su >> 52 & 0x7ffu) + 1) >> 11;
    uint64_t nudge = nonzero & ~special & ~su & 1u;
    uint64_t down = (eu ^ su) >> 63;
    su += nudge - ((nudge & down) << 1);
    memcpy(&s, &su, sizeof s);
    return s;
}

/*
 * fma without the instruction: the product of two floats is exact in double and neither it nor
 * the sum can overflow or underflow there. A zero sum is exact, so its sign is the hardware's.
 */
INV_LONG float inv_fma_soft(float a, float b, float c)
{
    return (float)inv_sum_to_odd((double)a * (double)b, (double)c);
}

INV_FN float inv_fma(float a, float b, float c)
{
#if defined(__CUDA_ARCH__)
    return __fmaf_rn(a, b, c);
#elif INV_HAS_FMA
    return __builtin_fmaf(a, b, c);
#else
    return inv_fma_soft(a, b, c);
#endif
}

/*
 * Correctly rounded square root by integer digit recurrence, for targets without the
 * instruction (libm is never called). Root of m * 2^e, e even, m in [2^46, 2^48): 24 digits and
 * a sticky remainder decide the rounding; a tie cannot happen.
 */
INV_FN float inv_sqrt_soft(float x)
{
    uint32_t u = inv_bits(x);
    if (u >= 0x7f800000u || u == 0)
        return x < 0.0f ? INV_NAN : x + x;
    int32_t e = (int32_t)(u >> 23);
    uint64_t m = u & 0x7fffffu;
    if (e == 0)
        for (e = 1; m < 0x800000u; e--)
            m <<= 1;
    else
        m |= 0x800000u;
    e -= 150;
    m <<= 23 + (e & 1 ? 0 : 1);
    e -= 23 + (e & 1 ? 0 : 1);
    uint64_t root = 0;
    for (uint64_t bit = (uint64_t)1 << 46; bit != 0; bit >>= 2) {
        uint64_t trial = root + bit;
        root >>= 1;
        if (m >= trial) {
            m -= trial;
            root += bit;
        }
    }
    root += m > root;
    int32_t biased = e / 2 + 150;
    return inv_from_bits(((uint32_t)(biased - 1) << 23) + (uint32_t)root);
}

#if defined(INV_SOFT_SQRT)
#define INV_HAS_SQRT 0
#elif defined(__CUDA_ARCH__) || defined(__SSE__) || defined(__aarch64__) || \
    defined(__riscv_flen) || defined(__powerpc64__) || defined(__s390x__) || \
    (defined(__ARM_FP) && (__ARM_FP & 4))
#define INV_HAS_SQRT 1
#else
#define INV_HAS_SQRT 0
#endif

/* Compile with -fno-math-errno: gcc otherwise adds a libm call for negative x. */
INV_FN float inv_sqrt(float x)
{
#if defined(__CUDA_ARCH__)
    return __fsqrt_rn(x);
#elif INV_HAS_SQRT
    return __builtin_sqrtf(x);
#else
    return inv_sqrt_soft(x);
#endif
}

/* IEEE 754-2019 minimum: NaN where either is NaN, -0 < +0; so operands commute. */
INV_FN float inv_min(float a, float b)
{
    float both = inv_from_bits(inv_bits(a) | inv_bits(b));
    float nan = a + b;
    return a < b ? a : b < a ? b : a == b ? both : nan;
}

/* IEEE 754-2019 maximum */
INV_FN float inv_max(float a, float b)
{
    float both = inv_from_bits(inv_bits(a) & inv_bits(b));
    float nan = a + b;
    return a > b ? a : b > a ? b : a == b ? both : nan;
}

/* -1, 1; a zero or NaN stays as it is */
INV_FN float inv_sign(float x)
{
    return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x;
}

/* Largest integer not above x. Adding 2^23 to |x| < 2^23 rounds it to an integer. */
INV_FN float inv_floor(float x)
{
    float a = inv_abs(x);
    float n = inv_copysign(inv_sub(inv_add(a, 8388608.0f), 8388608.0f), x);
    float f = n > x ? inv_sub(n, 1.0f) : n;
    return a < 8388608.0f ? f : x;
}

/* b where c is false or zero */
INV_FN float inv_select(int c, float a, float b)
{
    return c ? a : b;
}

INV_FN int inv_is_finite(float x)
{
    return inv_abs(x) < INV_INFINITY;
}

INV_FN int inv_is_nan(float x)
{
    return x != x;
}

/* The one NaN that leaves the program: 0x7fc00000. */
INV_FN float inv_canonical(float x)
{
    return x == x ? x : INV_NAN;
}

/* x * 2^e, |e| <= 252, in two exact halves: one rounding, when the result is subnormal. */
INV_FN float inv_scale(float x, uint32_t e)
{
    uint32_t k = e + 256u;
    uint32_t half = k >> 1;
    float low = inv_from_bits((half - 1u) << 23);
    float high = inv_from_bits((k - half - 1u) << 23);
    return inv_mul(inv_mul(x, low), high);
}

/*
 * 0 where this translation unit was compiled to the rules. No macro tells of contraction or of
 * clang's -funsafe-math-optimizations, so the operands are volatile and the results looked at:
 * bit 0 a product and a sum fused, bit 1 sums re-associated, bit 2 subnormals lost,
 * bit 3 not rounding to nearest, bit 4 division by reciprocal, bit 5 fma in two roundings.
 */
INV_FN uint32_t inv_canary(void)
{
    volatile uint32_t one_up = 0x3f800003u, big = 0x4cbebc20u;
    volatile uint32_t tiny = 0x00800000u, subnormal = 0x00400000u;
    volatile float one_source = 1.0f, three_source = 3.0f;
    float a = inv_from_bits(one_up), h = inv_from_bits(big);
    float t = inv_from_bits(tiny), s = inv_from_bits(subnormal);
    float one = one_source, three = three_source;
    uint32_t bad = inv_bits(a * a - one) != 0x35400000u;
    bad |= (uint32_t)(inv_bits((h + one) - h) != 0) << 1;
    bad |= (uint32_t)(inv_bits(t * 0.5f) != 0x00400000u) << 2;
    bad |= (uint32_t)(inv_bits(s * 2.0f) != 0x00800000u) << 2;
    bad |= (uint32_t)(inv_bits(one / three) != 0x3eaaaaabu) << 3;
    bad |= (uint32_t)(inv_bits((one + 1e-8f) - one) != 0) << 3;
    bad |= (uint32_t)(inv_bits(5.0f * one / three) != 0x3fd55555u) << 4;
    bad |= (uint32_t)(inv_bits(inv_fma(a, a, -one)) != 0x35400002u) << 5;
    return bad;
}

#endif
