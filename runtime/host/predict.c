/* The outputs of every row of the data set, in its order, as CSV. */
#include <stdlib.h>
#include <string.h>
#include "core/arith.h"
#include "device.h"
#include "output.h"
#include "variable.h"

static void write_header(struct inv_output *out, const struct inv_model *model)
{
    inv_output_print(out, "row");
    for (int i = 0; i < model->variable_count; i++) {
        const struct inv_variable *v = &model->variable[i];
        int64_t count = inv_variable_elements(v);
        for (int64_t e = 0; v->kind == INV_OUTPUT && e < count; e++)
            inv_output_print(out, count == 1 ? ",%s" : ",%s[%lld]", v->path, (long long)e);
    }
    inv_output_print(out, "\n");
}

/* 9 digits read back to the same f32. */
static void write_element(struct inv_output *out, enum inv_dtype dtype, const unsigned char *at)
{
    float real;
    int32_t whole;
    int64_t wide;
    memcpy(&real, at, sizeof real);
    memcpy(&whole, at, sizeof whole);
    if (dtype == INV_F32) {
        inv_output_print(out, ",%.9g", (double)inv_canonical(real));
    } else if (dtype == INV_I64) {
        memcpy(&wide, at, sizeof wide);
        inv_output_print(out, ",%lld", (long long)wide);
    } else {
        inv_output_print(out, ",%d", whole);
    }
}

static void write_row(struct inv_output *out, const struct inv_session *s, int64_t row,
                      int64_t slot)
{
    inv_output_print(out, "%lld", (long long)row);
    for (int i = 0; i < s->model->variable_count; i++) {
        const struct inv_variable *v = &s->model->variable[i];
        if (v->kind != INV_OUTPUT)
            continue;
        const unsigned char *at = s->run.arena + v->offset + (size_t)slot * inv_variable_bytes(v);
        for (int64_t e = 0; e < inv_variable_elements(v); e++)
            write_element(out, v->dtype, at + (size_t)e * inv_dtype_bytes(v->dtype));
    }
    inv_output_print(out, "\n");
}

static void write_rows(struct inv_output *out, struct inv_session *s)
{
    int64_t batch = s->model->batch;
    int32_t *row = inv_allocate((size_t)batch * sizeof *row);
    for (int64_t at = 0; at < s->data.rows; at += batch) {
        int64_t count = s->data.rows - at < batch ? s->data.rows - at : batch;
        for (int64_t i = 0; i < count; i++)
            row[i] = (int32_t)(at + i);
        inv_dataset_gather(&s->data, &s->run, row, count);
        inv_device_phase(s->model, &s->run, INV_PREDICT);
        for (int64_t i = 0; i < count; i++)
            write_row(out, s, at + i, i);
    }
    free(row);
}

int inv_predict(struct inv_session *s)
{
    struct inv_output out;
    char digest[65];
    if (!s->model->phase[INV_PREDICT]) {
        inv_error(&s->errors, "model %s has no output; add a line such as: output probs = "
                  "softmax(logits)", s->model->name);
        return INV_BAD_USAGE;
    }
    if (!inv_output_open(&out, s->options.predict, &s->errors))
        return INV_BAD_DATA;
    write_header(&out, s->model);
    write_rows(&out, s);
    return inv_output_close(&out, digest) ? INV_OK : INV_BAD_DATA;
}
