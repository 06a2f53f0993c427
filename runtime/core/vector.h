/*
 * A vector of INV_WIDTH floats with exactly the operations the contraction kernel needs, each
 * lane rounding as inv_fma and inv_add do.
 */
#ifndef INV_CORE_VECTOR_H
#define INV_CORE_VECTOR_H

#include "core/arith.h"

#if defined(__AVX512F__) && INV_HAS_FMA
#include <immintrin.h>
#define INV_WIDTH 16
typedef __m512 inv_vec;
#define inv_vec_load(p) _mm512_loadu_ps(p)
#define inv_vec_store(p, v) _mm512_storeu_ps(p, v)
#define inv_vec_splat(x) _mm512_set1_ps(x)
#define inv_vec_add(a, b) _mm512_add_ps(a, b)
#define inv_vec_fma(a, b, c) _mm512_fmadd_ps(a, b, c)

#elif defined(__AVX2__) && INV_HAS_FMA
#include <immintrin.h>
#define INV_WIDTH 8
typedef __m256 inv_vec;
#define inv_vec_load(p) _mm256_loadu_ps(p)
#define inv_vec_store(p, v) _mm256_storeu_ps(p, v)
#define inv_vec_splat(x) _mm256_set1_ps(x)
#define inv_vec_add(a, b) _mm256_add_ps(a, b)
#define inv_vec_fma(a, b, c) _mm256_fmadd_ps(a, b, c)

#elif defined(__aarch64__) && INV_HAS_FMA
#include <arm_neon.h>
#define INV_WIDTH 4
typedef float32x4_t inv_vec;
#define inv_vec_load(p) vld1q_f32(p)
#define inv_vec_store(p, v) vst1q_f32(p, v)
#define inv_vec_splat(x) vdupq_n_f32(x)
#define inv_vec_add(a, b) vaddq_f32(a, b)
#define inv_vec_fma(a, b, c) vfmaq_f32(c, a, b)

#else
/* Portable: a struct of lanes, left to the compiler's vectoriser. */
#define INV_WIDTH 4
struct inv_lanes4 {
    float lane[4];
};
typedef struct inv_lanes4 inv_vec;

INV_FN inv_vec inv_vec_load(const float *p)
{
    inv_vec v;
    memcpy(v.lane, p, sizeof v.lane);
    return v;
}

INV_FN void inv_vec_store(float *p, inv_vec v)
{
    memcpy(p, v.lane, sizeof v.lane);
}

INV_FN inv_vec inv_vec_splat(float x)
{
    inv_vec v;
    for (int i = 0; i < INV_WIDTH; i++)
        v.lane[i] = x;
    return v;
}

INV_FN inv_vec inv_vec_add(inv_vec a, inv_vec b)
{
    for (int i = 0; i < INV_WIDTH; i++)
        a.lane[i] = inv_add(a.lane[i], b.lane[i]);
    return a;
}

INV_FN inv_vec inv_vec_fma(inv_vec a, inv_vec b, inv_vec c)
{
    for (int i = 0; i < INV_WIDTH; i++)
        c.lane[i] = inv_fma(a.lane[i], b.lane[i], c.lane[i]);
    return c;
}
#endif

#endif
