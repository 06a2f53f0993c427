/* Fine-tunes net.inv from weights that lie elsewhere, or from a copy of them in the arena; the file
 * of weights that comes out of it goes to standard output. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "net.h"

#define KEPT_BYTES NET_SAVE_BYTES
#include "kept.h"

static unsigned char arena[NET_ARENA_BYTES] __attribute__((aligned(64)));
static unsigned char tuning[NET_TUNING_BYTES] __attribute__((aligned(64)));
static unsigned char work[NET_INFER_BYTES] __attribute__((aligned(64)));
static unsigned char best_weights[NET_TRAINED_BYTES + 1] __attribute__((aligned(8)));
static uint32_t others[sizeof net_weights / 4] __attribute__((aligned(8)));
static int32_t order[NET_ORDER_WORDS(NET_DRAWN_ROWS) + 1];
static struct net model;
static struct net_best best;

static void expect(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "%s: FAILED\n", what);
    exit(1);
}

static int print(void *user, const void *bytes, size_t count)
{
    (void)user;
    return fwrite(bytes, 1, count, stdout) != count;
}

static void begin(const void *weights)
{
    struct net_data data = {.order = order};
    if (weights) {
        memset(tuning, 0xa5, sizeof tuning);
        expect(net_init_tuning(&model, weights, tuning, sizeof tuning) == NET_OK, "init_tuning");
    } else {
        memset(arena, 0xa5, sizeof arena);
        expect(net_init(&model, arena, sizeof arena) == NET_OK, "init");
        memcpy(arena, net_weights, NET_WEIGHT_BYTES);
    }
    expect(net_begin(&model, &data) == NET_OK, "begin");
}

/* Steps until so many are done, and epochs as they end. */
static void train(int32_t steps)
{
    struct net_reports reports;
    while (model.run.step < steps) {
        enum net_status status = net_step(&model);
        expect(status >= 0, "step");
        if (status != NET_OK)
            expect(net_watch(&model, &best, &reports) >= 0, "watch");
    }
}

/* What was saved beside other frozen weights is refused; then the model begins anew. */
static void refuse_others(void)
{
    size_t at = 0;
    memcpy(others, net_weights, sizeof net_weights);
    others[0] ^= 1;
    begin(others);
    train(1);
    expect(net_load(&model, fetch, &at) == NET_BAD_STATE, "load beside other frozen weights");
    at = 0;
    expect(model.run.step == 0, "as after init_tuning");
    others[0] ^= 1;
    expect(net_load(&model, fetch, &at) == NET_OK, "load beside a copy of the weights");
}

static void reset(const void *weights)
{
    size_t at = 0;
    kept_bytes = 0;
    expect(net_save(&model, keep, NULL) == NET_OK, "save");
    if (weights)
        refuse_others();
    begin(weights);
    expect(net_load(&model, fetch, &at) == NET_OK, "load");
}

static void refuse_memory(void)
{
    expect(net_init_tuning(&model, net_weights, tuning, sizeof tuning - 1) == NET_ARENA_TOO_SMALL,
           "a small arena");
    expect(net_init_tuning(&model, NULL, tuning, sizeof tuning) == NET_ARENA_MISALIGNED,
           "no weights");
    expect(net_save(&model, keep, NULL) == NET_BAD_CALL, "save before init");
}

/* Weights of the arena, or in flash, give the same outputs before training. */
static void compare_outputs(void)
{
    static float x[2 * 6 * 6 * 2];
    static struct net reader;
    struct net_outputs outputs;
    float probs[6];
    for (int i = 0; i < 2 * 6 * 6 * 2; i++)
        x[i] = (float)(i % 11) - 5.0f;
    expect(net_infer(&model, 2, x, &outputs) == NET_OK, "infer");
    memcpy(probs, outputs.probs, sizeof probs);
    expect(net_init_inference(&reader, net_weights, work, sizeof work) == NET_OK, "inference");
    expect(net_infer(&reader, 2, x, &outputs) == NET_OK, "infer from flash");
    expect(memcmp(probs, outputs.probs, sizeof probs) == 0, "the same outputs");
}

int main(int argc, char **argv)
{
    const void *weights = argc > 1 && !strcmp(argv[1], "flash") ? net_weights : NULL;
    best.weights = best_weights;
    refuse_memory();
    begin(weights);
    compare_outputs();
    train(4);
    reset(weights);
    train(model.run.steps);
    net_finish(&model, &best);
    expect(net_write_weights(&model, print, NULL) == NET_OK, "weights");
    return 0;
}
