/* Trains examples/seeded_mlp on the device: prints the losses, is reset amid an epoch and goes on
 * from what it saved, and prints the SHA-256 of the weights file, which is the host's. */
#include <string.h>
#include "board.h"
#include "console.h"
#include "core/sha256.h"
#include "mlp.h"

#define KEPT_BYTES MLP_SAVE_BYTES
#include "kept.h"

static unsigned char arena[MLP_ARENA_BYTES] __attribute__((aligned(64)));
static struct mlp model;

static void check(enum mlp_status status, const char *what)
{
    if (status < 0)
        console_fail(what, -status);
}

/* ---- callbacks ---- */

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
    console_whole((uint32_t)model.run.step, 1);
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
    console_whole((uint32_t)model.run.step, 1);
    board_print("  loss ");
    console_real(reports.loss);
    board_print("  accuracy ");
    console_real(reports.accuracy);
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
    inv_sha256_init(&sha);
    check(mlp_write_weights(&model, hash, &sha), "weights");
    console_hash(&sha);
}

int main(void)
{
    begin();
    train();
    print_hash();
    return 0;
}
