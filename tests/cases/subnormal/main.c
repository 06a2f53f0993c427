/* Trains in firmware; prints the hash. */
#include <stdio.h>
#include "core/sha256.h"
#include "sinking.h"

static unsigned char arena[SINKING_ARENA_BYTES] __attribute__((aligned(8)));
static int32_t order[SINKING_ORDER_WORDS(SINKING_DRAWN_ROWS)];
static struct sinking model;
static struct inv_sha256 sha;

static int hash(void *user, const void *bytes, size_t count)
{
    (void)user;
    inv_sha256_update(&sha, bytes, count);
    return 0;
}

int main(void)
{
    struct sinking_data data = {.order = order};
    unsigned char digest[32];
    enum sinking_status status = SINKING_OK;
    if (sinking_init(&model, arena, sizeof arena) != SINKING_OK ||
        sinking_begin(&model, &data) != SINKING_OK)
        return 1;
    while (status >= 0 && status != SINKING_DONE)
        status = sinking_step(&model);
    sinking_finish(&model, NULL);
    inv_sha256_init(&sha);
    sinking_write_weights(&model, hash, NULL);
    inv_sha256_final(&sha, digest);
    for (int i = 0; i < 32; i++)
        printf("%02x", digest[i]);
    printf("\n");
    return 0;
}
