/* SHA-256 (FIPS 180-4), fed in pieces. Needs no libc beyond memcpy. */
#ifndef INV_CORE_SHA256_H
#define INV_CORE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct inv_sha256 {
    uint32_t state[8];
    uint64_t length;    /* bytes fed so far */
    uint8_t block[64];  /* the last length mod 64 bytes */
    int way;            /* of compressing blocks: see inv_sha256_ask */
};

void inv_sha256_init(struct inv_sha256 *hash);
void inv_sha256_update(struct inv_sha256 *hash, const void *data, size_t size);
void inv_sha256_final(struct inv_sha256 *hash, uint8_t digest[32]);

/* Finds out whether the processor has instructions for SHA-256, which takes as long as some blocks
 * do: after init, of a hash whose copies take many short texts.  Long ones are told without. */
void inv_sha256_ask(struct inv_sha256 *hash);

/* 64 lower-case hex digits and a NUL */
void inv_sha256_hex(const uint8_t digest[32], char text[65]);

#ifdef __cplusplus
}
#endif

#endif
