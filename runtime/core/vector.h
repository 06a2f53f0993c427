/*
 * A vector of INV_WIDTH floats with exactly the operations the contraction kernel needs, each
 * lane rounding as inv_fma and inv_add do. The _part forms touch the first `count` lanes only.
 * inv_vec_above(t, x) is +0 where t <= 0, and x elsewhere, also where t is NaN: with t = x it is
 * inv_max(0, x).
 *
 * inv_vec_turn reads a block of INV_WIDTH rows, row[l][p .. p + 3], and writes its four columns in
 * turn: to[q * stride + l] = row[l][p + q].
 */
#ifndef INV_CORE_VECTOR_H
#define INV_CORE_VECTOR_H

#include "core/arith.h"

#if defined(__AVX512F__) && INV_HAS_FMA
#include <immintrin.h>
#define INV_WIDTH 16
#define INV_VEC_PARTS 1 /* loads of a part are as fast as whole ones */
typedef __m512 inv_vec;
#define inv_vec_load(p) _mm512_loadu_ps(p)
#define inv_vec_store(p, v) _mm512_storeu_ps(p, v)
#define inv_vec_splat(x) _mm512_set1_ps(x)
#define inv_vec_add(a, b) _mm512_add_ps(a, b)
#define inv_vec_fma(a, b, c) _mm512_fmadd_ps(a, b, c)
#define inv_vec_above(t, x) \
    _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(t, _mm512_setzero_ps(), _CMP_NLE_UQ), x)

INV_FN __mmask16 inv_vec_mask(long count)
{
    return (__mmask16)((1u << count) - 1);
}

#define inv_vec_load_part(p, count) _mm512_maskz_loadu_ps(inv_vec_mask(count), p)
#define inv_vec_store_part(p, v, count) _mm512_mask_storeu_ps(p, inv_vec_mask(count), v)

/* lane l of 128 bits: row[4 * l][p .. p + 3] */
INV_FN inv_vec inv_vec_quads(const float *const *row, long p)
{
    __m512 v = _mm512_castps128_ps512(_mm_loadu_ps(row[0] + p));
    v = _mm512_insertf32x4(v, _mm_loadu_ps(row[4] + p), 1);
    v = _mm512_insertf32x4(v, _mm_loadu_ps(row[8] + p), 2);
    return _mm512_insertf32x4(v, _mm_loadu_ps(row[12] + p), 3);
}

#define INV_VEC_LOW(a, b) _mm512_unpacklo_ps(a, b)
#define INV_VEC_HIGH(a, b) _mm512_unpackhi_ps(a, b)
#define INV_VEC_LOW2(a, b) _mm512_shuffle_ps(a, b, 0x44)
#define INV_VEC_HIGH2(a, b) _mm512_shuffle_ps(a, b, 0xee)

#elif defined(__AVX2__) && INV_HAS_FMA
#include <immintrin.h>
#define INV_WIDTH 8
#define INV_VEC_PARTS 1
typedef __m256 inv_vec;
#define inv_vec_load(p) _mm256_loadu_ps(p)
#define inv_vec_store(p, v) _mm256_storeu_ps(p, v)
#define inv_vec_splat(x) _mm256_set1_ps(x)
#define inv_vec_add(a, b) _mm256_add_ps(a, b)
#define inv_vec_fma(a, b, c) _mm256_fmadd_ps(a, b, c)
#define inv_vec_above(t, x) _mm256_and_ps(_mm256_cmp_ps(t, _mm256_setzero_ps(), _CMP_NLE_UQ), x)

INV_FN __m256i inv_vec_mask(long count)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count),
                              _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

#define inv_vec_load_part(p, count) _mm256_maskload_ps(p, inv_vec_mask(count))
#define inv_vec_store_part(p, v, count) _mm256_maskstore_ps(p, inv_vec_mask(count), v)

INV_FN inv_vec inv_vec_quads(const float *const *row, long p)
{
    __m256 v = _mm256_castps128_ps256(_mm_loadu_ps(row[0] + p));
    return _mm256_insertf128_ps(v, _mm_loadu_ps(row[4] + p), 1);
}

#define INV_VEC_LOW(a, b) _mm256_unpacklo_ps(a, b)
#define INV_VEC_HIGH(a, b) _mm256_unpackhi_ps(a, b)
#define INV_VEC_LOW2(a, b) _mm256_shuffle_ps(a, b, 0x44)
#define INV_VEC_HIGH2(a, b) _mm256_shuffle_ps(a, b, 0xee)

#elif defined(__aarch64__) && INV_HAS_FMA
#include <arm_neon.h>
#define INV_WIDTH 4
#define INV_VEC_PARTS 0
typedef float32x4_t inv_vec;
#define inv_vec_load(p) vld1q_f32(p)
#define inv_vec_store(p, v) vst1q_f32(p, v)
#define inv_vec_splat(x) vdupq_n_f32(x)
#define inv_vec_add(a, b) vaddq_f32(a, b)
#define inv_vec_fma(a, b, c) vfmaq_f32(c, a, b)
#define inv_vec_above(t, x) \
    vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(x), vcleq_f32(t, vdupq_n_f32(0.0f))))
#define inv_vec_quads(row, p) vld1q_f32((row)[0] + (p))
#define INV_VEC_LOW(a, b) vzip1q_f32(a, b)
#define INV_VEC_HIGH(a, b) vzip2q_f32(a, b)
#define INV_VEC_LOW2(a, b) vcombine_f32(vget_low_f32(a), vget_low_f32(b))
#define INV_VEC_HIGH2(a, b) vcombine_f32(vget_high_f32(a), vget_high_f32(b))

#else
/* Portable: a struct of lanes, left to the compiler's vectoriser. */
#define INV_WIDTH 4
#define INV_VEC_PARTS 0
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

INV_FN inv_vec inv_vec_above(inv_vec t, inv_vec x)
{
    for (int i = 0; i < INV_WIDTH; i++)
        x.lane[i] = t.lane[i] <= 0.0f ? 0.0f : x.lane[i];
    return x;
}
#endif

#if !INV_VEC_PARTS
INV_FN inv_vec inv_vec_load_part(const float *p, long count)
{
    float lane[INV_WIDTH] = {0};
    memcpy(lane, p, (size_t)count * sizeof *lane);
    return inv_vec_load(lane);
}

INV_FN void inv_vec_store_part(float *p, inv_vec v, long count)
{
    float lane[INV_WIDTH];
    inv_vec_store(lane, v);
    memcpy(p, lane, (size_t)count * sizeof *lane);
}
#endif

#ifdef INV_VEC_LOW
INV_FN void inv_vec_turn(float *to, long stride, const float *const *row, long p)
{
    inv_vec a = inv_vec_quads(row, p), b = inv_vec_quads(row + 1, p);
    inv_vec c = inv_vec_quads(row + 2, p), d = inv_vec_quads(row + 3, p);
    inv_vec ab = INV_VEC_LOW(a, b), cd = INV_VEC_LOW(c, d);
    inv_vec_store(to, INV_VEC_LOW2(ab, cd));
    inv_vec_store(to + stride, INV_VEC_HIGH2(ab, cd));
    ab = INV_VEC_HIGH(a, b);
    cd = INV_VEC_HIGH(c, d);
    inv_vec_store(to + 2 * stride, INV_VEC_LOW2(ab, cd));
    inv_vec_store(to + 3 * stride, INV_VEC_HIGH2(ab, cd));
}
#else
INV_FN void inv_vec_turn(float *to, long stride, const float *const *row, long p)
{
    for (int q = 0; q < 4; q++)
        for (int l = 0; l < INV_WIDTH; l++)
            to[q * stride + l] = row[l][p + q];
}
#endif

#endif
