/* Trains MODEL in slices, resets it amid an epoch, and prints its losses and the SHA-256 of its
 * weights; inference with the weights where they lie must give the same bits.  subject.h includes
 * the model and defines MODEL, UPPER, OUTPUT (the first), INPUTS (elements of a row) and ROWS, and
 * cells and labels where ROWS is not 0; MAIN_ROWS, TRAIN_ROWS, VAL_ROWS and
 * TEST_ROWS where parts have files of their own, FITTED where statistics are. */
#include <string.h>
#include "board.h"
#include "core/fpu.h"
#include "core/sha256.h"
#include "subject.h"

#ifndef FITTED
#define FITTED 0
#endif
#ifndef MAIN_ROWS
#define MAIN_ROWS ROWS
#define TRAIN_ROWS 0
#define VAL_ROWS 0
#define TEST_ROWS 0
#endif
#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)
#define API(name) PASTE(MODEL, name)
#define LIMIT(name) PASTE(UPPER, name)
#define KEPT_BYTES LIMIT(SAVE_BYTES)
#include "kept.h"

static unsigned char arena[LIMIT(ARENA_BYTES)] __attribute__((aligned(64)));
static unsigned char work[LIMIT(INFER_BYTES)] __attribute__((aligned(64)));
static unsigned char best_weights[LIMIT(WEIGHT_BYTES)] __attribute__((aligned(8)));
static int32_t order[LIMIT(ORDER_WORDS)(MAIN_ROWS + TRAIN_ROWS + LIMIT(DRAWN_ROWS)) + 1];
static struct MODEL model, reader;
static int32_t begin_slices;

/* ---- console ---- */

static void print_hex(const void *bytes, size_t count)
{
    const unsigned char *p = bytes;
    char text[3] = {0};
    for (size_t i = 0; i < count; i++) {
        text[0] = "0123456789abcdef"[p[i] >> 4];
        text[1] = "0123456789abcdef"[p[i] & 15];
        board_print(text);
    }
}

static void print_whole(const char *name, int32_t value)
{
    char text[12];
    int at = 11;
    text[at] = '\0';
    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    board_print(name);
    board_print(text + at);
    board_print("\n");
}

static void fail(const char *what)
{
    board_print(what);
    board_print(": FAILED\n");
    board_exit(1);
}

static void expect(int good, const char *what)
{
    if (!good)
        fail(what);
}

/* ---- callbacks ---- */

static int refuse(void *user, const void *bytes, size_t count)
{
    (void)user, (void)bytes, (void)count;
    return 1;
}

static int hash(void *user, const void *bytes, size_t count)
{
    inv_sha256_update((struct inv_sha256 *)user, bytes, count);
    return 0;
}

#if ROWS > 0
static int give(void *user, const struct API(row) *row)
{
    (void)user;
    memcpy(row->x, cells[row->sample], sizeof cells[0]);
    row->y[0] = labels[row->sample];
    return 0;
}

static int lose(void *user, const struct API(row) *row)
{
    (void)user, (void)row;
    return 1;
}

static int spoil(void *user, const struct API(row) *row)
{
    give(user, row);
    row->x[0] = 0x1p127f * 2.0f;
    return 0;
}
#endif

/* ---- the work ---- */

static void begin(void)
{
    struct API(data) data = {MAIN_ROWS, order, NULL, NULL, {TRAIN_ROWS, VAL_ROWS, TEST_ROWS}};
    enum API(status) status;
#if ROWS > 0
    data.row = give;
#endif
    expect(API(init)(&model, arena, sizeof arena - 1) == LIMIT(ARENA_TOO_SMALL), "small arena");
    expect(API(init)(&model, arena + 4, sizeof arena) == LIMIT(ARENA_MISALIGNED), "alignment");
    expect(API(step)(&model) == LIMIT(BAD_CALL), "step before init");
    expect(API(init)(&model, arena, sizeof arena) == LIMIT(OK), "init");
    expect(API(step)(&model) == LIMIT(BAD_CALL), "step before begin");
    expect(API(begin_continue)(&model, 1) == LIMIT(BAD_CALL), "nothing to continue");
    expect(API(begin_slices)(&model, &data) == LIMIT(OK), "begin in slices");
    expect(API(step)(&model) == LIMIT(BAD_CALL), "step before all has begun");
    expect(API(load)(&model, fetch, NULL) == LIMIT(BAD_CALL), "load before all has begun");
    while ((status = API(begin_continue)(&model, 50)) == LIMIT(MORE))
        begin_slices++;
    expect(status == LIMIT(OK), "begin");
}

/* A model that has begun twice, at once, goes on to the same bits. */
static void begin_again(void)
{
    struct API(reports) reports;
    struct API(data) data = {MAIN_ROWS, order, NULL, NULL, {TRAIN_ROWS, VAL_ROWS, TEST_ROWS}};
#if ROWS > 0
    enum API(status) status;
    data.row = lose;
    if (begin_slices > 0 && API(begin)(&model, &data) == LIMIT(BAD_DATA))
        expect(API(step)(&model) == LIMIT(BAD_CALL), "step after data were lost");
    data.row = spoil;
    status = API(begin)(&model, &data);
    expect(status == (FITTED ? LIMIT(BAD_DATA) : LIMIT(OK)), "begin with an infinity");
    if (!FITTED)
        expect(API(step)(&model) == LIMIT(BAD_DATA), "step with an infinity");
    data.row = give;
#endif
    expect(API(begin)(&model, NULL) == LIMIT(BAD_CALL), "begin without data");
#if ROWS == 0
    data.rows = 1;
    expect(API(begin)(&model, &data) == LIMIT(BAD_CALL), "other rows than are drawn");
    data.rows = 0;
#endif
    expect(API(begin)(&model, &data) == LIMIT(OK), "begin at once");
    expect(API(evaluate)(&model, (enum API(part))7, &reports) == LIMIT(BAD_CALL), "no such part");
    data.part_rows[2] = TEST_ROWS > 0 ? INT32_MAX : 1;
    expect(API(begin_slices)(&model, &data) == LIMIT(BAD_CALL), "rows of no test file");
}

/* Only what was kept outlives the reset; damaged, it is refused. */
static void reset(void)
{
    size_t at = 0;
    kept_bytes = 0;
    expect(API(save)(&model, refuse, NULL) == LIMIT(IO), "save to a full store");
    expect(API(save)(&model, keep, NULL) == LIMIT(OK), "save");
    memset(&model, 0xa5, sizeof model);
    memset(arena, 0xa5, sizeof arena);
    begin();
    kept[kept_bytes / 2] ^= 4;
    expect(API(load)(&model, fetch, &at) == LIMIT(BAD_STATE), "load of damaged state");
    kept[kept_bytes / 2] ^= 4;
    kept[20] ^= 1;
    at = 0;
    expect(API(load)(&model, fetch, &at) == LIMIT(BAD_STATE), "load of another model's state");
    kept[20] ^= 1;
    at = 0;
    expect(API(load)(&model, fetch, &at) == LIMIT(OK), "load");
}

static enum API(status) sliced_step(int32_t budget, int32_t *slices)
{
    enum API(status) status = API(step_begin)(&model);
    if (status != LIMIT(OK))
        return status;
    expect(API(step_begin)(&model) == LIMIT(BAD_CALL), "a step within a step");
    expect(API(save)(&model, keep, NULL) == LIMIT(BAD_CALL), "save within a step");
    do {
        status = API(step_continue)(&model, budget);
        ++*slices;
    } while (status == LIMIT(MORE));
    return status;
}

static void train(void)
{
    struct API(best) best = {.weights = best_weights};
    struct API(reports) reports;
    enum API(status) status, seen = LIMIT(OK);
    int32_t slices = 0, resets = 0;
    do {
        int32_t step = model.run.step;
        status = step % 7 == 3 ? sliced_step(step == 3 ? 1 : 20000, &slices) : API(step)(&model);
        expect(status == LIMIT(OK) || status == LIMIT(EPOCH) || status == LIMIT(DONE), "step");
        if (status != LIMIT(OK)) {
            API(epoch_reports)(&model, &reports);
            if (model.run.step / model.per_epoch <= 3) {
                board_print("epoch ");
                print_hex(&reports, sizeof reports);
                board_print("\n");
            }
            seen = API(watch)(&model, &best, &reports);
            expect(seen == LIMIT(OK) || seen == LIMIT(DONE), "watch");
        }
        if (step == 5 || step == 17) {
            reset();
            resets++;
        }
    } while (status != LIMIT(DONE) && seen != LIMIT(DONE));
    expect(seen == LIMIT(DONE) || API(step)(&model) == LIMIT(DONE), "a step too many");
    API(finish)(&model, &best);
    expect(slices > 100 && resets > 0, "slices and resets");
}

static void print_hash(void)
{
    struct inv_sha256 sha;
    uint8_t digest[32];
    inv_sha256_init(&sha);
    expect(API(write_weights)(&model, hash, &sha) == LIMIT(OK), "weights");
    inv_sha256_final(&sha, digest);
    board_print("sha256 ");
    print_hex(digest, sizeof digest);
    board_print("\n");
}

static uint32_t sum_outputs(const struct API(outputs) *outputs)
{
    uint32_t sum = 1;
    const unsigned char *p = (const unsigned char *)outputs->OUTPUT;
    for (size_t i = 0; i < sizeof(float) * (size_t)outputs->rows; i++)
        sum = sum * 31 + p[i];
    return sum;
}

/* From weights that stay where they are, with less memory. */
static void infer(void)
{
    static float x[2 * INPUTS];
    struct API(outputs) outputs;
    for (int i = 0; i < 2 * INPUTS; i++)
        x[i] = (float)(i % 17);
    expect(API(infer)(&model, 2, x, &outputs) == LIMIT(OK), "infer");
    uint32_t sum = sum_outputs(&outputs);
    expect(API(init_inference)(&reader, arena, work, sizeof work) == LIMIT(OK), "init_inference");
    expect(API(infer)(&reader, 2, x, &outputs) == LIMIT(OK), "infer from flash");
    expect(sum == sum_outputs(&outputs), "the same outputs");
    expect(API(infer)(&reader, LIMIT(BATCH) + 1, x, &outputs) == LIMIT(BAD_CALL), "many rows");
    expect(API(step)(&reader) == LIMIT(BAD_CALL), "training without an arena");
}

static void evaluate(enum API(part) part, const char *name)
{
    struct API(reports) reports;
    if (API(evaluate)(&model, part, &reports) == LIMIT(OK)) {
        board_print(name);
        print_hex(&reports, sizeof reports);
        board_print("\n");
    }
}

/* The mode that the application computes in: upward, subnormal numbers lost. */
#if defined(__SSE__)
#define OWN_MODE (INV_FPU_WANTED | 0xc040u)
#elif defined(__aarch64__) || (defined(__arm__) && defined(__ARM_FP))
#define OWN_MODE 0x01400000u
#elif defined(__riscv_flen)
#define OWN_MODE 3u
#else
#define OWN_MODE INV_FPU_WANTED
#endif

int main(void)
{
    inv_fpu_set_mode(OWN_MODE);
    begin();
    begin_again();
    train();
    print_hash();
    infer();
    evaluate(LIMIT(VAL), "val ");
    evaluate(LIMIT(TEST), "test ");
    expect((inv_fpu_word() & INV_FPU_MODE) == OWN_MODE, "the caller's mode is kept");
    print_whole("slices to begin ", begin_slices);
    print_whole("arena ", LIMIT(ARENA_BYTES));
    print_whole("weights ", LIMIT(WEIGHT_BYTES));
    print_whole("state ", LIMIT(STATE_BYTES));
    return 0;
}
