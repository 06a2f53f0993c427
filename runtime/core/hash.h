/*
 * The hash of what a trace tells of (docs/receipts.md): of up to INV_HASH_PIECE words of 4 bytes,
 * the same whatever the byte order and the instructions. No cryptography: a word that differs
 * alone, or several that go to one lane alone, change it for certain but where these undo one
 * another; what differs at random is not seen once in 2^64 times.
 */
#ifndef INV_CORE_HASH_H
#define INV_CORE_HASH_H

#include <stdint.h>

#include "core/level.h"

#ifdef __cplusplus
extern "C" {
#endif

#define inv_hash_piece INV_LEVEL_NAME(inv_hash_piece)

enum { INV_HASH_PIECE = 8192 };

/* What the words are: NaNs of real numbers are all one; of numbers of 8 bytes, the two words are in
 * the machine's order. */
enum inv_hash_words { INV_HASH_REAL, INV_HASH_WHOLE, INV_HASH_WIDE };

uint64_t inv_hash_piece(const void *at, int64_t words, int what); /* an enum inv_hash_words */

/* A hash and the next word or hash: one to one in each of both. */
static inline uint64_t inv_hash_mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0xff51afd7ed558ccdu;
    return hash ^ hash >> 32;
}

#ifdef __cplusplus
}
#endif

#endif
