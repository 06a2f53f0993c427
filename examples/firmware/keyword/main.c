/* Trains examples/keyword_gru on the device, from nothing, to the weights that the host comes to,
 * whose SHA-256 it prints. */
#include "board.h"
#include "console.h"
#include "core/sha256.h"
#include "keyword.h"

enum { CELLS = 72 };

/* What the microphone heard: loudness of 6 bands in 12 frames, then the word. */
static const unsigned char rows[][CELLS + 1] = {
#include "rows.h"
};
enum { ROWS = sizeof rows / sizeof *rows };

static unsigned char arena[KEYWORD_ARENA_BYTES] __attribute__((aligned(64)));
static int32_t order[KEYWORD_ORDER_WORDS(ROWS)];
static struct keyword model;

static void check(enum keyword_status status, const char *what)
{
    if (status < 0)
        console_fail(what, -status);
}

static int hear(void *user, const struct keyword_row *row)
{
    (void)user;
    for (int i = 0; i < CELLS; i++)
        row->x[i] = rows[row->sample][i];
    row->y[0] = rows[row->sample][CELLS];
    return 0;
}

static int hash(void *user, const void *bytes, size_t count)
{
    inv_sha256_update((struct inv_sha256 *)user, bytes, count);
    return 0;
}

static void print_reports(const char *what, const struct keyword_reports *reports)
{
    board_print(what);
    board_print("  loss ");
    console_real(reports->loss);
    board_print("  accuracy ");
    console_real(reports->accuracy);
    board_print("\n");
}

/* A step in slices, between which a device can listen. */
static enum keyword_status sliced_step(void)
{
    enum keyword_status status = keyword_step_begin(&model);
    if (status == KEYWORD_OK)
        do
            status = keyword_step_continue(&model, 20000);
        while (status == KEYWORD_MORE);
    return status;
}

static void train(void)
{
    struct keyword_reports reports;
    enum keyword_status status;
    do {
        status = sliced_step();
        check(status, "step");
        if (status == KEYWORD_OK)
            continue;
        keyword_epoch_reports(&model, &reports);
        print_reports("epoch", &reports);
    } while (status != KEYWORD_DONE);
    check(keyword_evaluate(&model, KEYWORD_TEST, &reports), "evaluate");
    print_reports("test", &reports);
}

static void print_hash(void)
{
    struct inv_sha256 sha;
    inv_sha256_init(&sha);
    check(keyword_write_weights(&model, hash, &sha), "weights");
    console_hash(&sha);
}

int main(void)
{
    struct keyword_data data = {.rows = ROWS, .row = hear, .order = order};
    check(keyword_init(&model, arena, sizeof arena), "init");
    check(keyword_begin(&model, &data), "begin");
    train();
    print_hash();
    return 0;
}
