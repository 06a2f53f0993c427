/*
 * Random numbers as functions of a counter: Philox4x32-10 (Salmon, Moraes, Dror, Shaw,
 * "Parallel random numbers: as easy as 1, 2, 3", SC 2011). docs/numerics.md, section 4, says
 * which counter belongs to which element; element e takes word e mod 4 of counter e / 4.
 */
#ifndef INV_CORE_PHILOX_H
#define INV_CORE_PHILOX_H

#include "core/arith.h"
#include "ops/cos.h"
#include "ops/log.h"
#include "ops/sin.h"

INV_FN void inv_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xd2511f53u * c0;
        uint64_t p1 = (uint64_t)0xcd9e8d57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9e3779b9u;
        k1 += 0xbb67ae85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

/*
 * The four words of elements 4 * quad .. 4 * quad + 3 of a stream at a moment: the step for
 * activations, 0 for initialisers, sample | epoch << 32 for per-sample draws.
 */
INV_FN void inv_random_quad(const uint32_t key[2], uint32_t quad, uint64_t moment, uint32_t stream,
                            uint32_t out[4])
{
    uint32_t counter[4];
    counter[0] = quad;
    counter[1] = (uint32_t)moment;
    counter[2] = (uint32_t)(moment >> 32);
    counter[3] = stream;
    inv_philox(counter, key, out);
}

/*
 * Elements 4 * quad .. 4 * quad + 3 of a stream at a moment, and their words: what the operators
 * random_* make element j of these from (ops/random_*.h).
 */
struct inv_draw {
    const uint32_t *key;
    uint64_t quad, moment;
    uint32_t stream;
    uint32_t word[4];
};

INV_FN struct inv_draw inv_draw_quad(const uint32_t *key, int64_t quad, uint64_t moment,
                                     uint32_t stream)
{
    struct inv_draw draw;
    draw.key = key;
    draw.quad = (uint64_t)quad;
    draw.moment = moment;
    draw.stream = stream;
    inv_random_quad(key, (uint32_t)quad, moment, stream, draw.word);
    return draw;
}

/*
 * Many quads at once, in planes: word[c][q] is word c of quad `quad + q`. Elements before `skip`
 * and after `skip + count` of these are nobody's.
 */
#define INV_QUADS 64
struct inv_draws {
    const uint32_t *key;
    uint64_t quad, moment;
    uint32_t stream;
    int64_t quads, skip, count;
    uint32_t word[4][INV_QUADS];
};

/* What a lane of the loop below holds: products of 32 bits are fast in lanes of 64, if compilers
 * know how; the upper halves are no part of the number. */
#if defined(__clang__) || defined(__AVX512F__)
typedef uint64_t inv_word_lane;
#else
typedef uint32_t inv_word_lane;
#endif

#if defined(__CUDACC__)
#define INV_ROUNDS
#define INV_LANES_APART
#elif defined(__clang__)
#define INV_ROUNDS _Pragma("clang loop unroll(full)")
#define INV_LANES_APART _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define INV_ROUNDS _Pragma("GCC unroll 10")
#define INV_LANES_APART _Pragma("GCC ivdep")
#else
#define INV_ROUNDS
#define INV_LANES_APART
#endif

/* inv_philox on the counters from draws->quad on, a lane for each */
INV_FN void inv_philox_quads(struct inv_draws *draws)
{
    const uint32_t key0 = draws->key[0], key1 = draws->key[1], quad = (uint32_t)draws->quad;
    const uint64_t moment = draws->moment;
    const uint32_t stream = draws->stream;
    INV_LANES_APART
    for (int q = 0; q < (int)draws->quads; q++) {
        inv_word_lane c0 = quad + (uint32_t)q, c1 = (uint32_t)moment, c2 = (uint32_t)(moment >> 32);
        inv_word_lane c3 = stream;
        uint32_t k0 = key0, k1 = key1;
        INV_ROUNDS
        for (int round = 0; round < 10; round++) {
            uint64_t p0 = (uint64_t)0xd2511f53u * (uint32_t)c0;
            uint64_t p1 = (uint64_t)0xcd9e8d57u * (uint32_t)c2;
            c0 = (inv_word_lane)(p1 >> 32) ^ c1 ^ k0;
            c1 = (inv_word_lane)p1;
            c2 = (inv_word_lane)(p0 >> 32) ^ c3 ^ k1;
            c3 = (inv_word_lane)p0;
            k0 += 0x9e3779b9u;
            k1 += 0xbb67ae85u;
        }
        draws->word[0][q] = (uint32_t)c0;
        draws->word[1][q] = (uint32_t)c1;
        draws->word[2][q] = (uint32_t)c2;
        draws->word[3][q] = (uint32_t)c3;
    }
}

/* Draws for elements element .. element + count - 1, or as many of these as fit: draws->count. */
INV_FN void inv_draw_quads(struct inv_draws *draws, const uint32_t *key, int64_t element,
                           int64_t count, uint64_t moment, uint32_t stream)
{
    draws->key = key;
    draws->quad = (uint64_t)element / 4;
    draws->moment = moment;
    draws->stream = stream;
    draws->skip = element % 4;
    draws->count = count < 4 * INV_QUADS - draws->skip ? count : 4 * INV_QUADS - draws->skip;
    draws->quads = (draws->skip + draws->count + 3) / 4;
    inv_philox_quads(draws);
}

/* the q-th of them */
INV_FN struct inv_draw inv_draws_quad(const struct inv_draws *draws, int64_t q)
{
    struct inv_draw draw;
    draw.key = draws->key;
    draw.quad = draws->quad + (uint64_t)q;
    draw.moment = draws->moment;
    draw.stream = draws->stream;
    for (int c = 0; c < 4; c++)
        draw.word[c] = draws->word[c][q];
    return draw;
}

/* the word of one element */
INV_FN uint32_t inv_random_word(const uint32_t key[2], uint64_t element, uint64_t moment,
                                uint32_t stream)
{
    uint32_t out[4];
    inv_random_quad(key, (uint32_t)(element >> 2), moment, stream, out);
    return out[element & 3];
}

/* in [0, 1), a multiple of 2^-24 */
INV_FN float inv_uniform(uint32_t word)
{
    return inv_mul((float)(word >> 8), 0x1p-24f);
}

/* in 0 .. n - 1 */
INV_FN uint32_t inv_integer(uint32_t word, uint32_t n)
{
    return (uint32_t)(((uint64_t)word * n) >> 32);
}

/*
 * Two independent standard normals (Box and Muller 1958): radius from the first word, in (0, 1]
 * so that its logarithm is finite, angle from the second; out is cosine, then sine.
 */
INV_FN void inv_normal_pair(uint32_t first, uint32_t second, float out[2])
{
    float u = inv_mul((float)((first >> 8) + 1u), 0x1p-24f);
    float radius = inv_sqrt(inv_mul(-2.0f, inv_log(u)));
    float angle = inv_mul(0x1.921fb6p+2f, inv_uniform(second));
    out[0] = inv_mul(radius, inv_cos(angle));
    out[1] = inv_mul(radius, inv_sin(angle));
}

/* Words (0, 1) of a quad give its elements 0 and 1, words (2, 3) its elements 2 and 3. */
INV_FN void inv_normal_quad(const uint32_t words[4], float out[4])
{
    inv_normal_pair(words[0], words[1], out);
    inv_normal_pair(words[2], words[3], out + 2);
}

/* the standard normal of one element */
INV_FN float inv_random_normal(const uint32_t key[2], uint64_t element, uint64_t moment,
                               uint32_t stream)
{
    uint32_t words[4];
    float pair[2];
    inv_random_quad(key, (uint32_t)(element >> 2), moment, stream, words);
    inv_normal_pair(words[element & 2], words[(element & 2) + 1], pair);
    return pair[element & 1];
}

/*
 * Standard normal within [-2, 2]: the first of nine draws that lies there, else the last one
 * clipped. Draw r adds r * 2^56 to the moment.
 */
INV_FN float inv_random_truncated_normal(const uint32_t key[2], uint64_t element, uint64_t moment,
                                         uint32_t stream)
{
    float z = 0.0f;
    for (uint64_t draw = 0; draw < 9; draw++) {
        z = inv_random_normal(key, element, moment + (draw << 56), stream);
        if (inv_abs(z) <= 2.0f)
            return z;
    }
    return inv_copysign(2.0f, z);
}

/* Dropout with probability p in [0, 1] drops the words below floor(p * 2^32). */
INV_FN uint64_t inv_keep_threshold(double p)
{
    return (uint64_t)(p * 4294967296.0);
}

INV_FN int inv_keep(uint32_t word, uint64_t threshold)
{
    return word >= threshold;
}

#endif
