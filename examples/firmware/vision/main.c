/* Fine-tunes the last layers of vision.inv: from weights that the host trained, in flash, where
 * frozen ones stay, to those that the host comes to by --init, whose SHA-256 it prints. */
#include "board.h"
#include "console.h"
#include "vision.h"

enum { PIXELS = 64 };

/* What the camera saw: pixels, then the digit. */
static const unsigned char rows[][PIXELS + 1] = {
#include "rows.h"
};
enum { ROWS = sizeof rows / sizeof *rows };

static unsigned char arena[VISION_TUNING_BYTES] __attribute__((aligned(64)));
static int32_t order[VISION_ORDER_WORDS(ROWS)];
static struct vision model;

static void check(enum vision_status status, const char *what)
{
    if (status < 0)
        console_fail(what, -status);
}

static int see(void *user, const struct vision_row *row)
{
    (void)user;
    for (int i = 0; i < PIXELS; i++)
        row->x[i] = rows[row->sample][i];
    row->y[0] = rows[row->sample][PIXELS];
    return 0;
}

static int hash(void *user, const void *bytes, size_t count)
{
    inv_sha256_update((struct inv_sha256 *)user, bytes, count);
    return 0;
}

/* Between epochs: what the test part says. */
static void print_test(const char *when)
{
    struct vision_reports reports;
    check(vision_evaluate(&model, VISION_TEST, &reports), "evaluate");
    board_print(when);
    board_print("  loss ");
    console_real(reports.loss);
    board_print("  accuracy ");
    console_real(reports.accuracy);
    board_print("\n");
}

static void begin(void)
{
    struct vision_data data = {.rows = ROWS, .row = see, .order = order};
    check(vision_init_tuning(&model, vision_weights, arena, sizeof arena), "init");
    check(vision_begin(&model, &data), "begin");
}

static void train(void)
{
    enum vision_status status;
    do {
        status = vision_step(&model);
        check(status, "step");
    } while (status != VISION_DONE);
}

static void print_hash(void)
{
    struct inv_sha256 sha;
    inv_sha256_init(&sha);
    check(vision_write_weights(&model, hash, &sha), "weights");
    console_hash(&sha);
}

int main(void)
{
    begin();
    print_test("before");
    train();
    print_test("after");
    print_hash();
    return 0;
}
