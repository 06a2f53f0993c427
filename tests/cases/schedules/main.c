/* Trains in firmware, reset after step CUT; prints the hash and the best. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/sha256.h"
#include "tiny.h"

static unsigned char arena[TINY_ARENA_BYTES] __attribute__((aligned(8)));
static unsigned char kept[TINY_WEIGHT_BYTES] __attribute__((aligned(8)));
static unsigned char saved[TINY_STATE_BYTES + 4096];
static int32_t order[TINY_ORDER_WORDS(TINY_DRAWN_ROWS)];
static struct tiny model;
static struct inv_sha256 sha;
static size_t at;

static int hash(void *user, const void *bytes, size_t count)
{
    (void)user;
    inv_sha256_update(&sha, bytes, count);
    return 0;
}

static int save(void *user, const void *bytes, size_t count)
{
    (void)user;
    memcpy(saved + at, bytes, count);
    at += count;
    return 0;
}

static int load(void *user, void *bytes, size_t count)
{
    (void)user;
    memcpy(bytes, saved + at, count);
    at += count;
    return 0;
}

static void begin(void)
{
    struct tiny_data data = {.order = order};
    memset(arena, 0x5a, sizeof arena);
    if (tiny_init(&model, arena, sizeof arena) != TINY_OK || tiny_begin(&model, &data) != TINY_OK)
        exit(1);
}

int main(int argc, char **argv)
{
    struct tiny_best best = {.weights = kept};
    struct tiny_reports reports;
    unsigned char digest[32];
    int cut = argc > 1 ? atoi(argv[1]) : -1;
    enum tiny_status status, watched = TINY_OK;
    begin();
    do {
        status = tiny_step(&model);
        if (status == TINY_EPOCH || status == TINY_DONE)
            watched = tiny_watch(&model, &best, &reports);
        if (model.run.step == cut) {
            at = 0;
            tiny_save(&model, save, NULL);
            begin();
            at = 0;
            if (tiny_load(&model, load, NULL) != TINY_OK)
                return 1;
        }
    } while (status >= 0 && status != TINY_DONE && watched == TINY_OK);
    tiny_finish(&model, &best);
    inv_sha256_init(&sha);
    tiny_write_weights(&model, hash, NULL);
    inv_sha256_final(&sha, digest);
    for (int i = 0; i < 32; i++)
        printf("%02x", digest[i]);
    printf("\nkept epoch %d  val.loss %.4f\n", (int)best.epoch, (double)best.value);
    return 0;
}
