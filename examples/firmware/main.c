/* Trains examples/seeded_mlp on the device: prints the losses, is reset amid an epoch and goes on
 * from what it saved, and prints the SHA-256 of the weights file, which is the host's. */
#include <string.h>
#include "board.h"
#include "core/sha256.h"
#include "mlp.h"

static unsigned char arena[MLP_ARENA_BYTES] __attribute__((aligned(64)));
static struct mlp model;

/* What stands for a part of the flash. */
static unsigned char kept[MLP_SAVE_BYTES];
static size_t kept_bytes;

/* ---- console ---- */

static void print_whole(uint32_t value, int digits)
{
    char text[12];
    int at = 11;
    text[at] = '\0';
    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
        digits--;
    } while (value > 0 || digits > 0);
    board_print(text + at);
}

/* Four places of a number from 0 to 400000. */
static void print_real(float value)
{
    uint32_t scaled = (uint32_t)(value * 10000.0f + 0.5f);
    print_whole(scaled / 10000, 1);
    board_print(".");
    print_whole(scaled % 10000, 4);
}

static void check(enum mlp_status status, const char *what)
{
    if (status >= 0)
        return;
    board_print(what);
    board_print(": error -");
    print_whole((uint32_t)-status, 1);
    board_print("\n");
    board_exit(1);
}

/* ---- callbacks ---- */

static int keep(void *user, const void *bytes, size_t count)
{
    (void)user;
    if (count > sizeof kept - kept_bytes)
        return 1;
    memcpy(kept + kept_bytes, bytes, count);
    kept_bytes += count;
    return 0;
}

static int fetch(void *user, void *bytes, size_t count)
{
    size_t *at = (size_t *)user;
    if (count > kept_bytes - *at)
        return 1;
    memcpy(bytes, kept + *at, count);
    *at += count;
    return 0;
}

static int hash(void *user, const void *bytes, size_t count)
{
    inv_sha256_update((struct inv_sha256 *)user, bytes, count);
    return 0;
}

/* ---- the work ---- */

static void begin(void)
{
    static const struct mlp_data data; /* the rows of this model are drawn, not read */
    check(mlp_init(&model, arena, sizeof arena), "init");
    check(mlp_begin(&model, &data), "begin");
}

/* All that a reset leaves is what was kept. */
static void save_and_reset(void)
{
    size_t at = 0;
    kept_bytes = 0;
    check(mlp_save(&model, keep, NULL), "save");
    memset(&model, 0xa5, sizeof model);
    memset(arena, 0xa5, sizeof arena);
    begin();
    check(mlp_load(&model, fetch, &at), "load");
    board_print("reset after step ");
    print_whole((uint32_t)model.run.step, 1);
    board_print("\n");
}

/* A step in slices: between them a device can do its other work. */
static enum mlp_status sliced_step(void)
{
    enum mlp_status status = mlp_step_begin(&model);
    while (status == MLP_OK || status == MLP_MORE) {
        status = mlp_step_continue(&model, 5000);
        if (status != MLP_MORE)
            break;
    }
    return status;
}

static void print_epoch(void)
{
    struct mlp_reports reports;
    mlp_epoch_reports(&model, &reports);
    board_print("step ");
    print_whole((uint32_t)model.run.step, 1);
    board_print("  loss ");
    print_real(reports.loss);
    board_print("  accuracy ");
    print_real(reports.accuracy);
    board_print("\n");
}

static void train(void)
{
    enum mlp_status status;
    do {
        status = model.run.step % 2 ? mlp_step(&model) : sliced_step();
        check(status, "step");
        if (status != MLP_OK)
            print_epoch();
        if (model.run.step == 18)
            save_and_reset();
    } while (status != MLP_DONE);
}

static void print_hash(void)
{
    struct inv_sha256 sha;
    uint8_t digest[32];
    char text[65];
    inv_sha256_init(&sha);
    check(mlp_write_weights(&model, hash, &sha), "weights");
    inv_sha256_final(&sha, digest);
    inv_sha256_hex(digest, text);
    board_print("sha256 ");
    board_print(text);
    board_print("\n");
}

int main(void)
{
    begin();
    train();
    print_hash();
    return 0;
}
