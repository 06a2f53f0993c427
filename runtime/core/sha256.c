#include "core/sha256.h"

#include <string.h>
#if defined(__GNUC__) && __STDC_HOSTED__ /* where the processor has instructions for SHA-256 */
#if defined(__x86_64__)
#define INV_SHA_X86
#include <cpuid.h>
#include <immintrin.h>
#elif defined(__AARCH64EL__) && defined(__linux__) && \
    (!defined(__clang__) || defined(__ARM_FEATURE_SHA2))
#define INV_SHA_ARM
#include <arm_neon.h>
#include <sys/auxv.h>
#endif
#endif

/* First 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t round_constant[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate_right(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

static uint32_t load_big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void store_big_endian(uint8_t *p, uint32_t x)
{
    p[0] = (uint8_t)(x >> 24);
    p[1] = (uint8_t)(x >> 16);
    p[2] = (uint8_t)(x >> 8);
    p[3] = (uint8_t)x;
}

static void expand_schedule(uint32_t w[64], const uint8_t *block)
{
    for (int i = 0; i < 16; i++)
        w[i] = load_big_endian(block + 4 * i);
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        uint32_t s0 = rotate_right(a, 7) ^ rotate_right(a, 18) ^ a >> 3;
        uint32_t s1 = rotate_right(b, 17) ^ rotate_right(b, 19) ^ b >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
}

/* One round: h and d are changed in place; the caller turns the names. */
static inline void turn(uint32_t a, uint32_t b, uint32_t c, uint32_t *d, uint32_t e, uint32_t f,
                        uint32_t g, uint32_t *h, uint32_t word)
{
    uint32_t s1 = rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25);
    uint32_t s0 = rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22);
    uint32_t t1 = *h + s1 + (g ^ (e & (f ^ g))) + word;
    *d += t1;
    *h = t1 + s0 + ((a & b) | (c & (a | b)));
}

static void compress(uint32_t state[8], const uint8_t *block)
{
    uint32_t w[64], v[8];
    expand_schedule(w, block);
    memcpy(v, state, sizeof v);
    for (int i = 0; i < 64; i += 8) {
        const uint32_t *k = round_constant + i, *x = w + i;
        turn(v[0], v[1], v[2], &v[3], v[4], v[5], v[6], &v[7], k[0] + x[0]);
        turn(v[7], v[0], v[1], &v[2], v[3], v[4], v[5], &v[6], k[1] + x[1]);
        turn(v[6], v[7], v[0], &v[1], v[2], v[3], v[4], &v[5], k[2] + x[2]);
        turn(v[5], v[6], v[7], &v[0], v[1], v[2], v[3], &v[4], k[3] + x[3]);
        turn(v[4], v[5], v[6], &v[7], v[0], v[1], v[2], &v[3], k[4] + x[4]);
        turn(v[3], v[4], v[5], &v[6], v[7], v[0], v[1], &v[2], k[5] + x[5]);
        turn(v[2], v[3], v[4], &v[5], v[6], v[7], v[0], &v[1], k[6] + x[6]);
        turn(v[1], v[2], v[3], &v[4], v[5], v[6], v[7], &v[0], k[7] + x[7]);
    }
    for (int i = 0; i < 8; i++)
        state[i] += v[i];
}

static void compress_plainly(uint32_t state[8], const uint8_t *block, size_t blocks)
{
    for (; blocks > 0; blocks--, block += 64)
        compress(state, block);
}

#if defined(INV_SHA_X86)
#define INV_SHA_TARGET __attribute__((target("sha,sse4.1")))
typedef __m128i four_words;

/* ABEF and CDGH */
static inline INV_SHA_TARGET void load_state(four_words s[2], const uint32_t state[8])
{
    __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xb1);
    __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1b);
    s[0] = _mm_alignr_epi8(low, high, 8);
    s[1] = _mm_blend_epi16(high, low, 0xf0);
}

static inline INV_SHA_TARGET void store_state(uint32_t state[8], const four_words s[2])
{
    __m128i low = _mm_shuffle_epi32(s[0], 0x1b), high = _mm_shuffle_epi32(s[1], 0xb1);
    _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(low, high, 0xf0));
    _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(high, low, 8));
}

static inline INV_SHA_TARGET four_words load_words(const uint8_t *block)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)block), big_endian);
}

static inline INV_SHA_TARGET four_words add_words(four_words a, four_words b)
{
    return _mm_add_epi32(a, b);
}

/* Four rounds on words[0 .. 3], which hold the last 16 words of the schedule. */
static inline INV_SHA_TARGET void four_rounds(four_words s[2], four_words words, int i)
{
    __m128i sum = _mm_add_epi32(words, _mm_loadu_si128((const __m128i *)(round_constant + i)));
    s[1] = _mm_sha256rnds2_epu32(s[1], s[0], sum);
    s[0] = _mm_sha256rnds2_epu32(s[0], s[1], _mm_shuffle_epi32(sum, 0x0e));
}

/* The next four words of the schedule from the last 16. */
static inline INV_SHA_TARGET four_words next_words(four_words a, four_words b, four_words c,
                                                   four_words d)
{
    __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(a, b), _mm_alignr_epi8(d, c, 4));
    return _mm_sha256msg2_epu32(sum, d);
}

static int has_sha(void)
{
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1);
}

#elif defined(INV_SHA_ARM)
#define INV_SHA_TARGET __attribute__((target("+crypto")))
typedef uint32x4_t four_words;

static inline INV_SHA_TARGET void load_state(four_words s[2], const uint32_t state[8])
{
    s[0] = vld1q_u32(state);
    s[1] = vld1q_u32(state + 4);
}

static inline INV_SHA_TARGET void store_state(uint32_t state[8], const four_words s[2])
{
    vst1q_u32(state, s[0]);
    vst1q_u32(state + 4, s[1]);
}

static inline INV_SHA_TARGET four_words load_words(const uint8_t *block)
{
    return vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(block)));
}

static inline INV_SHA_TARGET four_words add_words(four_words a, four_words b)
{
    return vaddq_u32(a, b);
}

static inline INV_SHA_TARGET void four_rounds(four_words s[2], four_words words, int i)
{
    uint32x4_t sum = vaddq_u32(words, vld1q_u32(round_constant + i)), before = s[0];
    s[0] = vsha256hq_u32(s[0], s[1], sum);
    s[1] = vsha256h2q_u32(s[1], before, sum);
}

static inline INV_SHA_TARGET four_words next_words(four_words a, four_words b, four_words c,
                                                   four_words d)
{
    return vsha256su1q_u32(vsha256su0q_u32(a, b), c, d);
}

static int has_sha(void)
{
    return (getauxval(AT_HWCAP) & HWCAP_SHA2) != 0;
}
#endif

#ifdef INV_SHA_TARGET
static INV_SHA_TARGET void compress_by_sha(uint32_t state[8], const uint8_t *block, size_t blocks)
{
    four_words s[2];
    load_state(s, state);
    for (; blocks > 0; blocks--, block += 64) {
        four_words before[2] = { s[0], s[1] }, w[4];
        for (int i = 0; i < 4; i++)
            w[i] = load_words(block + 16 * i);
        for (int i = 0; i < 64; i += 16) {
            four_rounds(s, w[0], i);
            four_rounds(s, w[1], i + 4);
            four_rounds(s, w[2], i + 8);
            four_rounds(s, w[3], i + 12);
            w[0] = next_words(w[0], w[1], w[2], w[3]);
            w[1] = next_words(w[1], w[2], w[3], w[0]);
            w[2] = next_words(w[2], w[3], w[0], w[1]);
            w[3] = next_words(w[3], w[0], w[1], w[2]);
        }
        s[0] = add_words(s[0], before[0]);
        s[1] = add_words(s[1], before[1]);
    }
    store_state(state, s);
}
#endif

enum { NOT_ASKED, PLAINLY, BY_SHA };    /* inv_sha256.way */
enum { ENOUGH = 4096 };                 /* bytes that take longer than asking the processor */

void inv_sha256_ask(struct inv_sha256 *hash)
{
#ifdef INV_SHA_TARGET
    hash->way = has_sha() ? BY_SHA : PLAINLY;
#else
    hash->way = PLAINLY;
#endif
}

static void compress_blocks(struct inv_sha256 *hash, const uint8_t *block, size_t blocks)
{
    if (hash->way == NOT_ASKED && hash->length >= ENOUGH)
        inv_sha256_ask(hash);
#ifdef INV_SHA_TARGET
    if (hash->way == BY_SHA) {
        compress_by_sha(hash->state, block, blocks);
        return;
    }
#endif
    compress_plainly(hash->state, block, blocks);
}

/* State: first 32 bits of the fractional parts of the square roots of the first 8 primes. */
void inv_sha256_init(struct inv_sha256 *hash)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(hash->state, start, sizeof start);
    hash->length = 0;
    hash->way = NOT_ASKED;
}

void inv_sha256_update(struct inv_sha256 *hash, const void *data, size_t size)
{
    const uint8_t *p = (const uint8_t *)data;
    size_t held = (size_t)(hash->length % 64);
    hash->length += size;
    if (held + size < 64) {
        if (size > 0)
            memcpy(hash->block + held, p, size);
        return;
    }
    if (held > 0) {
        memcpy(hash->block + held, p, 64 - held);
        compress_blocks(hash, hash->block, 1);
        p += 64 - held;
        size -= 64 - held;
    }
    compress_blocks(hash, p, size / 64);
    if (size % 64 > 0)
        memcpy(hash->block, p + size / 64 * 64, size % 64);
}

/* Padding: a one bit, zeros up to 56 mod 64, the length in bits as 64 bits big-endian. */
void inv_sha256_final(struct inv_sha256 *hash, uint8_t digest[32])
{
    static const uint8_t padding[64] = {0x80};
    uint64_t bits = hash->length * 8;
    uint8_t tail[8];
    store_big_endian(tail, (uint32_t)(bits >> 32));
    store_big_endian(tail + 4, (uint32_t)bits);
    inv_sha256_update(hash, padding, (size_t)(64 - (hash->length + 8) % 64));
    inv_sha256_update(hash, tail, sizeof tail);
    for (int i = 0; i < 8; i++)
        store_big_endian(digest + 4 * i, hash->state[i]);
}

void inv_sha256_hex(const uint8_t digest[32], char text[65])
{
    static const char digit[] = "0123456789abcdef";
    for (int i = 0; i < 32; i++) {
        text[2 * i] = digit[digest[i] >> 4];
        text[2 * i + 1] = digit[digest[i] & 15];
    }
    text[64] = '\0';
}
