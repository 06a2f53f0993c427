#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "decoder.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "batch.h"
#include "core/fpu.h"
#include "errors.h"
#include "row_window.h"
#include "variable.h"

/* invar-lint: allow threads in this file because what is decoded depends on the row alone */

/* Cells of rows lie in a ring of `slots` rows: numbers taken .. decoded - 1 are there, those up to
 * listed - 1 are wanted next, row i of the order at place i % slots. */
struct inv_decoder {
    const struct inv_model *model;
    const struct inv_cell_files *files;
    int fields;                         /* of a row that are of files */
    int64_t cells, slots;               /* floats of a row */
    float *cell;
    int32_t *list, *next;               /* the rows; room for those that are asked for */
    int64_t taken, decoded, listed;
    int64_t round;                      /* of lists: what was decoded for another is not wanted */
    char *failure;                      /* why the next row could not be decoded, or NULL */
    struct inv_named named;             /* of who decodes */
    pthread_t thread;
    int threaded, stop;
    pthread_mutex_t lock;
    pthread_cond_t wanted, done;
};

/* ---- what was read ---- */

static int is_file(const struct inv_field *field)
{
    return field->raw >= 0 && field->form >= INV_CELL_IMAGE;
}

int inv_decoder_fields(const struct inv_model *model, int end)
{
    int count = 0;
    for (int f = 0; f < end; f++)
        count += is_file(&model->data.field[f]);
    return count;
}

void inv_cell_files_add(struct inv_cell_files *files, const struct inv_cell_file *file,
                        int64_t count)
{
    if (files->count + count > files->room) {
        files->room = 2 * files->room + count;
        files->file = inv_resize(files->file, (size_t)files->room * sizeof *files->file);
    }
    memcpy(files->file + files->count, file, (size_t)count * sizeof *file);
    files->count += count;
}

void inv_cell_files_free(struct inv_cell_files *files)
{
    for (int64_t i = 0; i < files->count; i++)
        free(files->file[i].path);
    free(files->file);
    *files = (struct inv_cell_files){ .count = 0 };
}

/* ---- decoding ---- */

/* The message without "error: ", in new memory; frees the text. */
static char *message_of(char *text)
{
    const char *from = text && strncmp(text, "error: ", 7) == 0 ? text + 7 : text ? text : "";
    char *message = inv_text("%.*s", (int)strcspn(from, "\n"), from);
    free(text);
    return message;
}

/* NULL, or why not, in new memory. */
static char *decode_cell(struct inv_decoder *d, const struct inv_field *field,
                         const struct inv_cell_file *file, float *to)
{
    char *text = NULL;
    size_t size = 0;
    struct inv_errors errors = { .to = open_memstream(&text, &size) };
    if (!errors.to)
        return inv_copy_text("out of memory");
    d->named.where = "";
    d->named.first = file->first;
    int good = d->model->data.files->read(&d->named, file->path, field,
                                          d->model->variable[field->raw].dim + 1, to, &errors);
    fclose(errors.to);
    if (!good)
        return message_of(text);
    free(text);
    return memcmp(d->named.digest, file->digest, sizeof file->digest) == 0
               ? NULL : inv_text("%s: has changed since it was read first; run again", file->path);
}

static int64_t cells_of(const struct inv_decoder *d, const struct inv_field *field)
{
    return inv_variable_elements(&d->model->variable[field->raw]);
}

/* All cells of a row, a field after the other. */
static char *decode_row(struct inv_decoder *d, int32_t row, float *to)
{
    const struct inv_data *data = &d->model->data;
    const struct inv_cell_file *file = d->files->file + (int64_t)row * d->fields;
    char *failure = NULL;
    for (int f = 0; f < data->field_count && !failure; f++)
        if (is_file(&data->field[f])) {
            failure = decode_cell(d, &data->field[f], file++, to);
            to += cells_of(d, &data->field[f]);
        }
    return failure;
}

static int is_wanted(const struct inv_decoder *d)
{
    return d->decoded < d->listed && !d->failure;
}

/* The next row that is listed; the lock is held before and after. */
static void decode_next(struct inv_decoder *d)
{
    int64_t round = d->round, place = d->decoded % d->slots;
    int32_t row = d->list[place];
    pthread_mutex_unlock(&d->lock);
    char *failure = decode_row(d, row, d->cell + place * d->cells);
    pthread_mutex_lock(&d->lock);
    if (round != d->round) {
        free(failure);
        return;
    }
    d->failure = failure;
    d->decoded += !failure;
}

static void *work(void *argument)
{
    struct inv_decoder *d = argument;
    inv_fpu_enter();
    pthread_mutex_lock(&d->lock);
    while (!d->stop) {
        if (is_wanted(d))
            decode_next(d);
        else
            pthread_cond_wait(&d->wanted, &d->lock);
        pthread_cond_signal(&d->done);
    }
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

struct inv_decoder *inv_decoder_new(const struct inv_model *model,
                                    const struct inv_cell_files *files, int64_t most, int64_t rows)
{
    struct inv_decoder *d = inv_allocate(sizeof *d);
    *d = (struct inv_decoder){ .model = model, .files = files,
                               .fields = inv_decoder_fields(model, model->data.field_count) };
    for (int f = 0; f < model->data.field_count; f++)
        d->cells += is_file(&model->data.field[f]) ? cells_of(d, &model->data.field[f]) : 0;
    d->slots = most / (d->cells * (int64_t)sizeof *d->cell);
    d->slots = d->slots > rows ? d->slots : rows;
    d->cell = inv_allocate((size_t)(d->slots * d->cells) * sizeof *d->cell);
    d->list = inv_allocate((size_t)d->slots * sizeof *d->list);
    d->next = inv_allocate((size_t)d->slots * sizeof *d->next);
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->wanted, NULL);
    pthread_cond_init(&d->done, NULL);
    return d;
}

/* Signals are for the thread that trains.  Where there is no thread, rows are decoded as they are
 * asked for. */
static void start(struct inv_decoder *d)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    d->threaded = pthread_create(&d->thread, NULL, work, d) == 0 ? 1 : -1;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void inv_decoder_free(struct inv_decoder *d)
{
    if (!d)
        return;
    if (d->threaded > 0) {
        pthread_mutex_lock(&d->lock);
        d->stop = 1;
        pthread_cond_signal(&d->wanted);
        pthread_mutex_unlock(&d->lock);
        pthread_join(d->thread, NULL);
    }
    pthread_cond_destroy(&d->done);
    pthread_cond_destroy(&d->wanted);
    pthread_mutex_destroy(&d->lock);
    free(d->named.path);
    free(d->named.bytes);
    free(d->failure);
    free(d->cell);
    free(d->list);
    free(d->next);
    free(d);
}

/* ---- asking ---- */

/* Whether what is listed begins with the first rows of d->next, or these with that. */
static int goes_on(const struct inv_decoder *d, int64_t count)
{
    for (int64_t i = 0; i < count && d->taken + i < d->listed; i++)
        if (d->list[(d->taken + i) % d->slots] != d->next[i])
            return 0;
    return 1;
}

static void begin_again(struct inv_decoder *d)
{
    d->round++;
    d->taken = d->decoded = d->listed = 0;
    free(d->failure);
    d->failure = NULL;
}

static void list_rows(struct inv_decoder *d, int64_t count)
{
    if (!goes_on(d, count))
        begin_again(d);
    for (int64_t i = d->listed - d->taken; i < count; i++)
        d->list[d->listed++ % d->slots] = d->next[i];
}

static void put_cells(const struct inv_decoder *d, const struct inv_run *run, int64_t count)
{
    const struct inv_data *data = &d->model->data;
    int64_t at = 0;
    for (int f = 0; f < data->field_count; f++) {
        const struct inv_field *field = &data->field[f];
        if (!is_file(field))
            continue;
        const struct inv_variable *v = &d->model->variable[field->raw];
        size_t bytes = inv_variable_bytes(v);
        for (int64_t i = 0; i < count; i++)
            memcpy(inv_batch_cells(d->model, run, v) + (size_t)i * bytes,
                   d->cell + (d->taken + i) % d->slots * d->cells + at, bytes);
        at += cells_of(d, field);
    }
}

static void await(struct inv_decoder *d, int64_t count)
{
    pthread_cond_signal(&d->wanted);
    while (d->decoded < d->taken + count && !d->failure)
        if (d->threaded > 0)
            pthread_cond_wait(&d->done, &d->lock);
        else
            decode_next(d);
}

void inv_decoder_read(struct inv_decoder *d, const struct inv_run *run, const int32_t *row,
                      int64_t count, const struct inv_row_ahead *ahead)
{
    int64_t listed = inv_row_ahead_list(ahead, row, count, d->next, d->slots);
    if (!d->threaded)
        start(d);
    pthread_mutex_lock(&d->lock);
    list_rows(d, listed);
    await(d, count);
    int good = d->decoded >= d->taken + count;
    pthread_mutex_unlock(&d->lock);
    if (!good)
        inv_give_up(INV_BAD_DATA, "%s", d->failure);
    put_cells(d, run, count);
    pthread_mutex_lock(&d->lock);
    d->taken += count;
    pthread_cond_signal(&d->wanted);
    pthread_mutex_unlock(&d->lock);
}
