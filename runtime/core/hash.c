/*
 * 16 lanes of 8 bytes, each of which takes two words of every 32: rows of 16 words, as many as
 * the widest vectors hold.
 */
#include "core/hash.h"

#include <string.h>

#if defined(__AVX512F__)
enum { BYTES = 64 };
#elif defined(__AVX2__)
enum { BYTES = 32 };
#else
enum { BYTES = 16 };
#endif

typedef uint64_t lanes __attribute__((vector_size(BYTES)));
typedef uint32_t words __attribute__((vector_size(BYTES)));
typedef float reals __attribute__((vector_size(BYTES)));

enum { LANES = 16, BLOCK = 2 * LANES, VECTORS = LANES * 8 / BYTES, EACH = BYTES / 8 };

/* The first word of two is the lower half of their lane. */
static inline lanes in_order(words word, int wide)
{
    lanes both = (lanes)word;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return wide ? both : both << 32 | both >> 32;
#else
    (void)wide;
    return both;
#endif
}

/* One to one for the lane and for what it takes. */
static inline void take_block(lanes lane[VECTORS], const unsigned char *at, int real, int wide)
{
    for (int v = 0; v < VECTORS; v++) {
        words word;
        memcpy(&word, at + v * BYTES, sizeof word);
        if (real) {
            words nan = (words)((reals)word != (reals)word);
            word = (word & ~nan) | (nan & 0x7fc00000u);
        }
        lane[v] ^= in_order(word, wide);
        lane[v] += lane[v] << 5;
        lane[v] = lane[v] << 29 | lane[v] >> 35;
    }
}

static inline uint64_t hash_words(const unsigned char *at, int64_t count, int real, int wide)
{
    lanes lane[VECTORS];
    uint64_t hash[LANES];
    unsigned char rest[BLOCK * 4] = {0};
    int64_t left = count;
    for (int l = 0; l < LANES; l++)
        lane[l / EACH][l % EACH] = 0x9e3779b97f4a7c15u * (uint64_t)(l + 1);
    for (; left >= BLOCK; left -= BLOCK, at += sizeof rest)
        take_block(lane, at, real, wide);
    if (left > 0) {
        memcpy(rest, at, (size_t)left * 4);
        take_block(lane, rest, real, wide);
    }
    memcpy(hash, lane, sizeof hash);
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++)
            hash[l] = inv_hash_mix(hash[l], 0) ^ hash[l + half];
    return inv_hash_mix(hash[0], (uint64_t)count);
}

uint64_t inv_hash_piece(const void *at, int64_t words, int what)
{
    return what == INV_HASH_REAL ? hash_words(at, words, 1, 0)
                                 : hash_words(at, words, 0, what == INV_HASH_WIDE);
}
