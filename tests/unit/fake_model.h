/* A model written by hand as the compiler would emit it: y = x . w + bias on two columns, squared
 * loss, gradient descent.  It lets the trainer be tested without the compiler. */
#ifndef TEST_FAKE_MODEL_H
#define TEST_FAKE_MODEL_H
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "core/arith.h"
#include "invar.h"

enum { FAKE_BATCH = 4 };

enum fake_variable {
    FAKE_W, FAKE_BIAS, FAKE_BLOCK, FAKE_MEAN, FAKE_DEVIATION, FAKE_RAW_X, FAKE_RAW_Y, FAKE_X,
    FAKE_Y, FAKE_SAMPLE, FAKE_LOSS, FAKE_ERROR_SUM, FAKE_ERROR, FAKE_STEPS_SEEN, FAKE_OUT,
    FAKE_AVERAGE, FAKE_COUNTS, FAKE_VARIABLES
};

static const struct inv_variable fake_variables[FAKE_VARIABLES] = {
    [FAKE_W] = { "line/w", INV_PARAM, INV_F32, 1, -1, { 2 }, 0, 0, 0 },
    [FAKE_BIAS] = { "line/bias", INV_PARAM, INV_F32, 1, -1, { 1 }, 0, 8, 0 },
    [FAKE_BLOCK] = { "block1", INV_BLOCK, INV_F32, 1, -1, { 3 }, 0, 0, 0 },
    [FAKE_MEAN] = { "data/x/mean", INV_BUFFER, INV_F32, 1, -1, { 2 }, 0, 12, 0 },
    [FAKE_DEVIATION] = { "data/x/deviation", INV_BUFFER, INV_F32, 1, -1, { 2 }, 0, 20, 0 },
    [FAKE_RAW_X] = { "data/x/cells", INV_RAW, INV_F32, 2, 0, { 1, 2 }, 0, 64, 0 },
    [FAKE_RAW_Y] = { "data/y/cells", INV_RAW, INV_F32, 1, 0, { 1 }, 0, 96, 0 },
    [FAKE_X] = { "x", INV_INPUT, INV_F32, 2, 0, { 1, 2 }, 0, 128, 0 },
    [FAKE_Y] = { "y", INV_INPUT, INV_F32, 1, 0, { 1 }, 0, 160, 0 },
    [FAKE_SAMPLE] = { "sample", INV_SAMPLE, INV_I32, 1, 0, { 1 }, 0, 192, 0 },
    [FAKE_LOSS] = { "loss", INV_LOSS, INV_F32, 0, -1, { 0 }, 0, 256, 0 },
    [FAKE_ERROR_SUM] = { "error/sum", INV_ACCUMULATOR, INV_F32, 0, -1, { 0 }, 0, 260, 0 },
    [FAKE_ERROR] = { "error", INV_REPORT, INV_F32, 0, -1, { 0 }, 0, 264, 0 },
    [FAKE_STEPS_SEEN] = { "seen", INV_REPORT, INV_I32, 0, -1, { 0 }, 0, 268, 0 },
    [FAKE_OUT] = { "line", INV_OUTPUT, INV_F32, 1, 0, { 1 }, 0, 272, 0 },
    [FAKE_AVERAGE] = { "block1", INV_AVERAGE, INV_F32, 1, -1, { 3 }, 0, 320, 0 },
    [FAKE_COUNTS] = { "counts", INV_REPORT, INV_I64, 2, -1, { 2, 2 }, 0, 384, 0 },
};
enum { FAKE_GRADIENT = 336, FAKE_ARENA = 448 };

/* Behaviour that tests switch on. */
static struct { float rate; int blow_up_at; } fake = { 0.0625f, -1 };

static float *fake_at(const struct inv_run *run, int variable)
{
    return (float *)(void *)(run->arena + fake_variables[variable].offset);
}

static void fake_init(const struct inv_run *run)
{
    static const float start[3] = { 0.25f, -0.5f, 0.125f };
    memcpy(fake_at(run, FAKE_BLOCK), start, sizeof start);
    for (int i = 0; i < 2; i++) {
        fake_at(run, FAKE_MEAN)[i] = 0;
        fake_at(run, FAKE_DEVIATION)[i] = 1;
    }
}

static void fake_prepare(const struct inv_run *run)
{
    for (int64_t i = 0; i < run->rows * 2; i++)
        fake_at(run, FAKE_X)[i] = inv_mul(fake_at(run, FAKE_RAW_X)[i], 0.5f);
    memcpy(fake_at(run, FAKE_Y), fake_at(run, FAKE_RAW_Y), (size_t)run->rows * 4);
}

static void fake_normalise(const struct inv_run *run)
{
    for (int64_t i = 0; i < run->rows * 2; i++)
        fake_at(run, FAKE_X)[i] = inv_div(inv_sub(fake_at(run, FAKE_X)[i],
                                                  fake_at(run, FAKE_MEAN)[i % 2]),
                                          fake_at(run, FAKE_DEVIATION)[i % 2]);
}

static float fake_line(const struct inv_run *run, int64_t row)
{
    const float *x = fake_at(run, FAKE_X) + row * 2, *w = fake_at(run, FAKE_BLOCK);
    return inv_add(inv_add(inv_mul(x[0], w[0]), inv_mul(x[1], w[1])), w[2]);
}

/* Loss and gradient; the error's sum is kept apart so that evaluation can share this. */
static void fake_forward(const struct inv_run *run, float *error)
{
    float loss = 0, *gradient = (float *)(void *)(run->arena + FAKE_GRADIENT);
    memset(gradient, 0, 12);
    *error = 0;
    for (int64_t r = 0; r < run->rows; r++) {
        float d = inv_sub(fake_line(run, r), fake_at(run, FAKE_Y)[r]);
        const float *x = fake_at(run, FAKE_X) + r * 2;
        loss = inv_add(loss, inv_mul(d, d));
        *error = inv_add(*error, inv_abs(d));
        for (int i = 0; i < 3; i++)
            gradient[i] = inv_add(gradient[i], inv_mul(d, i < 2 ? x[i] : 1.0f));
    }
    *fake_at(run, FAKE_LOSS) = inv_div(loss, (float)run->rows);
}

static void fake_train(const struct inv_run *run)
{
    float error;
    fake_forward(run, &error);
    if (run->trace)
        run->trace(run, 0, fake_at(run, FAKE_X), run->rows * 2);
    if (run->step == fake.blow_up_at)
        *fake_at(run, FAKE_LOSS) = INV_NAN;
    if (run->trace)
        run->trace(run, 1, fake_at(run, FAKE_LOSS), 1);
    if (run->trace)
        run->trace(run, 2, fake_at(run, FAKE_LOSS), 1);
}

static void fake_update(const struct inv_run *run)
{
    float error, *w = fake_at(run, FAKE_BLOCK), *average = fake_at(run, FAKE_AVERAGE);
    const float *gradient = (const float *)(const void *)(run->arena + FAKE_GRADIENT);
    fake_forward(run, &error);
    *fake_at(run, FAKE_ERROR_SUM) = inv_add(*fake_at(run, FAKE_ERROR_SUM), error);
    for (int i = 0; i < 3; i++) {
        float mean = inv_div(gradient[i], (float)run->rows);
        w[i] = inv_sub(w[i], inv_mul(fake.rate, mean));
        average[i] = inv_add(inv_mul(average[i], 0.75f), inv_mul(w[i], 0.25f));
    }
    if (run->trace)
        run->trace(run, 3, w, 3);
}

static void fake_evaluate(const struct inv_run *run)
{
    float error;
    fake_forward(run, &error);
    *fake_at(run, FAKE_ERROR_SUM) = inv_add(*fake_at(run, FAKE_ERROR_SUM), error);
}

static void fake_finish(const struct inv_run *run)
{
    static const int64_t counts[4] = { 1, 2, 3, 4 };
    *fake_at(run, FAKE_ERROR) = inv_div(*fake_at(run, FAKE_ERROR_SUM), (float)run->rows);
    memcpy(fake_at(run, FAKE_STEPS_SEEN), &run->step, sizeof run->step);
    memcpy(fake_at(run, FAKE_COUNTS), counts, sizeof counts);
}

static void fake_predict(const struct inv_run *run)
{
    for (int64_t r = 0; r < run->rows; r++)
        fake_at(run, FAKE_OUT)[r] = fake_line(run, r);
}

static const struct inv_trace_line fake_lines[] = {
    { "fake.inv", 7, "h = x @ w + bias" }, { "fake.inv", 9, "loss mse(h, y)" },
};

static const struct inv_trace_node fake_nodes[] = {
    { "read x : f32[b, 2]", &fake_lines[0], 0, 128, { 0, 2 } },
    { "row_sum %4 : f32", &fake_lines[1], 0, 256, { 1, 0 } },
    { "div %5 %6 : f32", &fake_lines[1], 0, 256, { 1, 0 } },
    { "sub %7 : f32[3]", &fake_lines[1], 0, 0, { 3, 0 } },
};

static const struct inv_report fake_reports[] = {
    { "loss", 1, 1, FAKE_LOSS }, { "error", 0, 1, FAKE_ERROR }, { "seen", 0, 0, FAKE_STEPS_SEEN },
    { "counts", 0, 0, FAKE_COUNTS },
};

static const struct inv_file fake_files[] = {
    { "", "fake.csv", INV_CSV, INV_F32, 0, { 0 }, NULL },
    { "", "test.csv", INV_CSV, INV_F32, 0, { 0 }, NULL },
};

static const struct inv_range fake_x_columns = { 0, 1, NULL, NULL };
static const struct inv_range fake_y_columns = { 2, 2, NULL, NULL };

static const struct inv_field fake_fields[] = {
    { .name = "x", .file = "", .range_count = 1, .range = &fake_x_columns, .fill = -1,
      .fit = INV_FIT_ZSCORE, .raw = FAKE_RAW_X, .input = FAKE_X, .fit_a = FAKE_MEAN,
      .fit_b = FAKE_DEVIATION, .balance = -1 },
    { .name = "y", .label = 1, .file = "", .range_count = 1, .range = &fake_y_columns, .fill = -1,
      .raw = FAKE_RAW_Y, .input = FAKE_Y, .fit_a = -1, .fit_b = -1,
      .balance = -1 },
};

static inline struct inv_model fake_model(void)
{
    return (struct inv_model){
        .abi = INV_ABI, .numerics = INV_NUMERICS, .level = "portable", .name = "fake",
        .path = "fake.inv", .sha256 = "00", .compiler = "by hand", .arena_bytes = FAKE_ARENA,
        .saved_bytes = 28, .variable_count = FAKE_VARIABLES, .variable = fake_variables,
        .phase = { fake_init, fake_prepare, fake_normalise, NULL, fake_train, fake_update,
                   fake_evaluate, fake_finish, fake_predict },
        .trace_count = 4, .trace = fake_nodes,
        .data = { .name = "points", .kind = INV_CSV, .file_count = 1, .file = fake_files,
                  .source = { { 0, 1 } }, .header = -1, .delimiter = ',', .decimal = '.',
                  .na_count = -1, .field_count = 2, .field = fake_fields, .train_share = 0.6,
                  .val_share = 0.2, .test_share = 0.2, .stratify = -1, .shuffle = 1,
                  .stream_split = 0x1234, .stream_shuffle = 0x5678 },
        .seed = 42, .epochs = 5, .batch = FAKE_BATCH, .shuffle = 1, .report_count = 4,
        .report = fake_reports, .sample = FAKE_SAMPLE,
    };
}

/* `rows` lines x0,x1,y of a noisy plane into text; its length. */
static inline size_t fake_points(char *text, int rows)
{
    size_t length = 0;
    uint32_t state = 9;
    for (int r = 0; r < rows; r++) {
        int cell[3];
        for (int i = 0; i < 3; i++) {
            state = state * 1664525u + 1013904223u;
            cell[i] = (int)(state >> 16) % 1000 - 500;
        }
        double x0 = cell[0] / 100.0, x1 = cell[1] / 100.0;
        length += (size_t)sprintf(text + length, "%.2f,%.2f,%.4f\n", x0, x1,
                                  1.5 * x0 - 0.75 * x1 + 2 + cell[2] / 5000.0);
    }
    return length;
}

#endif
