/* The data set on the device: resident where it fits, else batch by batch through two buffers, of
 * which one is filled while the step before it runs. */
#include "cuda/private.cuh"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Left free for what is taken later: row numbers, losses, graphs, and code, which is loaded when
 * it is first launched (a library's, too). */
static int64_t reserve(const struct cuda_device *d, int64_t rows)
{
    int64_t spare = d->limit / 64;
    return d->later + rows * 8 + (spare < ((int64_t)256 << 20) ? spare : (int64_t)256 << 20);
}

/* held: bytes of all fields. */
static void keep_resident(struct cuda_device *d, struct cuda_field *made, int64_t held)
{
    int64_t at = 0;
    d->data = (unsigned char *)inv_cuda_take(d, held, "the data set");
    for (int f = 0; f < d->shadow.fields; f++) {
        const struct inv_device_field *field = &d->field[f];
        if (!field->value)
            continue;
        inv_cuda_put(d, d->data + at, field->value, field->held);
        made[f].from[0] = made[f].from[1] = (const uint32_t *)(void *)(d->data + at);
        at += field->held;
    }
}

static void make_slots(struct cuda_device *d, struct cuda_field *made)
{
    int64_t batch = inv_model_step_rows(d->model), bytes = batch * d->row_bytes;
    for (int k = 0; k < 2; k++) {
        struct cuda_slot *slot = &d->slot[k];
        int64_t at = 0;
        slot->device = (unsigned char *)inv_cuda_take(d, bytes, "two batches");
        CHECK(cudaMallocHost((void **)&slot->host, (size_t)bytes));
        CHECK(cudaEventCreateWithFlags(&slot->copied, cudaEventDisableTiming));
        CHECK(cudaEventCreateWithFlags(&slot->used, cudaEventDisableTiming));
        for (int f = 0; f < d->shadow.fields; f++) {
            if (!d->field[f].value)
                continue;
            made[f].from[k] = (const uint32_t *)(void *)(slot->device + at);
            at += batch * d->field[f].bytes;
        }
    }
}

void inv_cuda_keep(const struct inv_run *run, int count, const struct inv_device_field *field,
                   int64_t rows, void *out)
{
    struct cuda_device *d = cuda_of(run);
    size_t size = (size_t)count * sizeof(struct cuda_field);
    struct cuda_field *made = (struct cuda_field *)inv_allocate(size);
    char text[32];
    int64_t held = 0;
    d->field = (struct inv_device_field *)inv_allocate((size_t)count * sizeof *field);
    memcpy((void *)d->field, field, (size_t)count * sizeof *field);
    d->shadow.fields = count;
    for (int f = 0; f < count; f++) {
        made[f].words = field[f].bytes / 4;
        made[f].step = field[f].step / 4;
        held += field[f].value ? field[f].held : 0;
        made[f].offset = field[f].offset;
        d->row_bytes += field[f].value ? field[f].bytes : 0;
    }
    d->shadow.resident = held + reserve(d, rows) <= d->limit - d->taken;
    if (d->shadow.resident)
        keep_resident(d, made, held);
    else
        make_slots(d, made);
    d->device_field = (struct cuda_field *)inv_cuda_take(d, (int64_t)size, "the fields");
    d->shadow.field = d->device_field;
    inv_cuda_put(d, d->device_field, made, (int64_t)size);
    free(made);
    inv_cuda_size(held, text);
    if (out)
        fprintf((FILE *)out, "data set on the device: %s, %s\n", text,
                d->shadow.resident ? "resident" : "does not fit, copied batch by batch");
}

void inv_cuda_release_data(struct cuda_device *d)
{
    for (int k = 0; k < 2 && d->slot[k].host; k++) {
        CHECK(cudaFree(d->slot[k].device));
        CHECK(cudaFreeHost(d->slot[k].host));
        CHECK(cudaEventDestroy(d->slot[k].copied));
        CHECK(cudaEventDestroy(d->slot[k].used));
    }
    CHECK(cudaFree(d->data));
    CHECK(cudaFree(d->device_field));
    free((void *)d->field);
}

/* Fields end to end, each for a whole batch, of which `rows` rows are filled. */
static void fill(const struct cuda_device *d, unsigned char *to, const int32_t *row, int64_t rows)
{
    int64_t batch = inv_model_step_rows(d->model);
    for (int f = 0; f < d->shadow.fields; f++) {
        const struct inv_device_field *field = &d->field[f];
        if (!field->value)
            continue;
        for (int64_t i = 0; i < rows; i++)
            memcpy(to + i * field->bytes, field->value + row[i] * field->step,
                   (size_t)field->bytes);
        to += batch * field->bytes;
    }
}

void inv_cuda_stage(struct cuda_device *d, int64_t k, const int32_t *row, int64_t rows)
{
    struct cuda_slot *slot = &d->slot[k & 1];
    int64_t bytes = inv_model_step_rows(d->model) * d->row_bytes;
    if (d->shadow.resident)
        return;
    CHECK(cudaEventSynchronize(slot->copied));
    fill(d, slot->host, row, rows);
    CHECK(cudaStreamWaitEvent(d->copies, slot->used, 0));
    CHECK(cudaMemcpyAsync(slot->device, slot->host, (size_t)bytes, cudaMemcpyHostToDevice,
                          d->copies));
    CHECK(cudaEventRecord(slot->copied, d->copies));
    CHECK(cudaStreamWaitEvent(d->stream, slot->copied, 0));
}

void inv_cuda_unstage(struct cuda_device *d, int64_t k)
{
    if (!d->shadow.resident)
        CHECK(cudaEventRecord(d->slot[k & 1].used, d->stream));
}
