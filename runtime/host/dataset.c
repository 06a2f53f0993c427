#include "dataset.h"
#include <stdlib.h>
#include <string.h>
#include "core/arith.h"
#include "device.h"
#include "missing.h"
#include "rows.h"
#include "split.h"
#include "variable.h"

static const struct inv_variable *input_of(const struct inv_dataset *data, int f)
{
    return &data->model->variable[data->model->data.field[f].input];
}

/* Labels may be left out; keys are needed until rows have their parts. */
static int is_held(const struct inv_dataset *data, int f)
{
    const struct inv_field *field = &data->model->data.field[f];
    return !(data->inputs_only && field->label) && !(data->order && field->key);
}

const char *inv_dataset_part_name(enum inv_part part)
{
    static const char *const name[] = { "train", "val", "test" };
    return name[part];
}

int64_t inv_dataset_part_rows(const struct inv_dataset *data, enum inv_part part)
{
    return data->begin[part + 1] - data->begin[part];
}

static void grow(struct inv_dataset *data, int64_t rows)
{
    if (rows <= data->room)
        return;
    data->room = data->room * 2 > rows ? data->room * 2 : rows;
    for (int f = 0; f < data->model->data.field_count; f++)
        if (is_held(data, f))
            data->value[f] = inv_resize(data->value[f], (size_t)data->room * data->bytes[f]);
}

/* ---- rows as prepared ---- */

/* The first element of a row that the model must not see, or -1. */
static int64_t find_bad(const struct inv_variable *v, const unsigned char *row)
{
    int64_t count = inv_variable_elements(v);
    for (int64_t i = 0; i < count; i++) {
        float real;
        int32_t whole;
        memcpy(&real, row + i * 4, sizeof real);
        memcpy(&whole, row + i * 4, sizeof whole);
        if (v->dtype == INV_F32 ? !inv_is_finite(real)
                                : v->classes > 0 && (whole < 0 || whole >= v->classes))
            return i;
    }
    return -1;
}

static int64_t find_bad_in(const struct inv_dataset *data, int f, int64_t row)
{
    const unsigned char *at = data->value[f] + (size_t)row * data->bytes[f];
    float weight = 0;
    if (data->model->data.field[f].weight)
        memcpy(&weight, at, sizeof weight);
    return weight < 0 ? 0 : find_bad(input_of(data, f), at);
}

/* Reports the bad element of field f in a row of the data set, which came from `place` (freed).
 * cell: the row's cells, or NULL where they are not at hand. */
static void report_bad(const struct inv_dataset *data, int f, int64_t row, int64_t bad,
                       const int32_t *cell, char *place)
{
    const struct inv_variable *v = input_of(data, f);
    const struct inv_field *field = &data->model->data.field[f];
    int32_t whole;
    memcpy(&whole, data->value[f] + (size_t)row * data->bytes[f] + bad * 4, sizeof whole);
    char *of = cell ? inv_text(" of cell %d", cell[bad]) : inv_copy_text("");
    if (field->weight && whole < 0)
        inv_error(data->errors, "%s: the weight %s of the row is negative; weights are 0 or more",
                  place, field->name);
    else if (v->dtype == INV_F32)
        inv_error(data->errors, "%s: element %lld of field %s is not finite once the model's "
                  "expression has been applied; correct the data or the expression", place,
                  (long long)bad, field->name);
    else
        inv_error(data->errors, "%s: element %lld of field %s is no class from 0 to %lld: '%s' "
                  "makes %d%s; correct the expression or the data", place, (long long)bad,
                  field->name, (long long)v->classes - 1,
                  field->expression ? field->expression : "the cell", whole, of);
    free(of);
    free(place);
}

static void set_samples(const struct inv_dataset *data, struct inv_run *run, int64_t first,
                        int64_t count)
{
    const struct inv_variable *v = &data->model->variable[data->model->sample];
    int32_t *sample = (int32_t *)(void *)(run->arena + v->offset);
    for (int64_t i = 0; i < count; i++)
        sample[i] = (int32_t)(first + i);
}

static void run_phase(const struct inv_dataset *data, struct inv_run *run, enum inv_phase phase)
{
    run->step = run->epoch = 0;
    run->first_row = 0;
    inv_device_phase(data->model, run, phase);
}

/* The rows in the INV_INPUT variables become rows first .. of the data set. */
static void keep_inputs(struct inv_dataset *data, const struct inv_run *run, int64_t first)
{
    for (int f = 0; f < data->model->data.field_count; f++)
        if (is_held(data, f))
            memcpy(data->value[f] + (size_t)first * data->bytes[f],
                   run->arena + input_of(data, f)->offset, (size_t)run->rows * data->bytes[f]);
}

/* Without INV_PREPARE the cells are the field. */
static void copy_raw(const struct inv_dataset *data, struct inv_run *run)
{
    for (int f = 0; f < data->model->data.field_count; f++) {
        int raw = data->model->data.field[f].raw;
        if (raw >= 0)
            memmove(run->arena + input_of(data, f)->offset,
                    run->arena + data->model->variable[raw].offset,
                    (size_t)run->rows * data->bytes[f]);
    }
}

/* Prepares `count` raw rows and appends them. */
static void append(struct inv_dataset *data, struct inv_run *run, int64_t count)
{
    grow(data, data->rows + count);
    set_samples(data, run, data->rows, count);
    run->rows = count;
    if (data->model->phase[INV_PREPARE])
        run_phase(data, run, INV_PREPARE);
    else
        copy_raw(data, run);
    keep_inputs(data, run, data->rows);
    data->rows += count;
}

/* ---- loading ---- */

/* Whole-number cells of field f in row i of the batch just prepared, one for each of its elements;
 * NULL where it has none such. */
static const int32_t *cells_of(const struct inv_dataset *data, const struct inv_run *run, int f,
                               int64_t i)
{
    int raw = data->model->data.field[f].raw;
    const struct inv_variable *v = raw < 0 ? NULL : &data->model->variable[raw];
    if (!v || v->dtype != INV_I32 || inv_variable_bytes(v) != data->bytes[f])
        return NULL;
    return (const int32_t *)(const void *)(run->arena + v->offset + (size_t)i * data->bytes[f]);
}

/* Appends `count` rows and checks what the model makes of them.  rows: they were read last, and
 * came from those places; NULL: they are drawn. */
static void append_checked(struct inv_dataset *data, struct inv_run *run,
                           const struct inv_rows *rows, const struct inv_place *place,
                           int64_t count)
{
    int64_t first = data->rows;
    append(data, run, count);
    if (rows)
        inv_missing_put(data, rows, first, count, 0.0f);
    for (int f = 0; f < data->model->data.field_count; f++) {
        for (int64_t i = 0; i < count && is_held(data, f); i++) {
            int64_t bad = find_bad_in(data, f, first + i);
            if (bad >= 0)
                report_bad(data, f, first + i, bad, cells_of(data, run, f, i),
                           rows ? inv_rows_place(rows, rows->row - count + i, place[i])
                                : inv_text("%s, row %lld", data->model->data.name,
                                           (long long)(first + i)));
        }
    }
    if (rows)
        inv_missing_put(data, rows, first, count, INV_NAN);
}

/* Rows with bad cells are left out, together with their batch: the run ends anyway. */
static void read_rows(struct inv_dataset *data, struct inv_run *run, struct inv_rows *rows)
{
    int64_t batch = data->model->batch, fill = 0;
    struct inv_place *place = inv_allocate((size_t)batch * sizeof *place);
    int before = data->errors->count, more = 1;
    while (more && !inv_errors_full(data->errors)) {
        more = inv_rows_next(rows, fill) > 0;
        if (more)
            place[fill++] = inv_rows_here(rows);
        if ((fill < batch && more) || fill == 0)
            continue;
        if (data->errors->count == before)
            append_checked(data, run, rows, place, fill);
        before = data->errors->count;
        fill = 0;
    }
    free(place);
}

static void read_source(struct inv_dataset *data, struct inv_run *run, struct inv_rows *rows,
                        enum inv_source_of source)
{
    const struct inv_data *d = &data->model->data;
    int64_t before = data->rows;
    rows->source = source;
    rows->row = 0;
    rows->at = 0;
    if (inv_rows_open(rows))
        read_rows(data, run, rows);
    if (data->errors->count == 0 && data->rows == before)
        inv_error(data->errors, "%s: has no rows of data",
                  d->file[d->source[source].first_file].path);
    inv_rows_close(rows, data->hash);
}

/* The texts of keys outlive the reader. */
static void take_key_names(struct inv_dataset *data, struct inv_rows *rows)
{
    const struct inv_data *d = &data->model->data;
    for (int f = 0; rows->columns && f < d->field_count; f++)
        if (d->field[f].key) {
            data->key[d->field[f].key] = rows->columns[f].label;
            rows->columns[f].label = (struct inv_names){ .count = 0 };
        }
}

static void load_files(struct inv_dataset *data, struct inv_run *run)
{
    struct inv_rows rows = { .model = data->model, .arena = run->arena, .errors = data->errors,
        .inputs_only = data->inputs_only, .directory = data->directory, .fitted = &data->fitted,
        .read = &data->read };
    rows.csv.stream.file = -1;
    for (int s = 0; s < INV_SOURCES && data->errors->count == 0; s++) {
        int64_t before = data->rows;
        if (data->model->data.source[s].file_count > 0)
            read_source(data, run, &rows, (enum inv_source_of)s);
        data->count[s] = data->rows - before;
    }
    take_key_names(data, &rows);
    inv_table_free(&rows);
}

static void draw_rows(struct inv_dataset *data, struct inv_run *run)
{
    int64_t total = data->model->data.rows, batch = data->model->batch;
    grow(data, total);
    while (data->rows < total && data->errors->count == 0)
        append_checked(data, run, NULL, NULL,
                       total - data->rows < batch ? total - data->rows : batch);
    data->count[INV_MAIN] = total;
}

int inv_dataset_load(struct inv_dataset *data, struct inv_run *run)
{
    const struct inv_data *d = &data->model->data;
    int fields = d->field_count;
    uint32_t run_key[2] = { run->key[0], run->key[1] };
    inv_split_key(d->has_seed ? d->seed : data->seed, run->key);
    data->value = inv_allocate((size_t)fields * sizeof *data->value);
    data->bytes = inv_allocate((size_t)fields * sizeof *data->bytes);
    data->hash = inv_allocate((size_t)(d->file_count + 1) * sizeof *data->hash);
    inv_fitted_begin(&data->fitted, fields);
    for (int f = 0; f < fields; f++)
        data->bytes[f] = inv_variable_bytes(input_of(data, f));
    if (d->kind == INV_RANDOM)
        draw_rows(data, run);
    else
        load_files(data, run);
    if (data->errors->count == 0)
        inv_dataset_split(data, run->key);
    memcpy(run->key, run_key, sizeof run_key);
    return data->errors->count == 0;
}

void inv_dataset_free(struct inv_dataset *data)
{
    for (int f = 0; data->value && f < data->model->data.field_count; f++)
        free(data->value[f]);
    free(data->value);
    free(data->bytes);
    free(data->hash);
    free(data->order);
    inv_paths_free(&data->read);
    inv_fitted_free(&data->fitted, data->model->data.field_count);
}

/* ---- use ---- */

enum { LINE = 64, AHEAD = 2 }; /* bytes of a cache line; rows asked for before their turn */

/* Asks for a row that is copied soon: shuffled rows lie anywhere, and no hardware foresees them. */
static void fetch_row(const unsigned char *row, size_t bytes)
{
#if defined(__GNUC__)
    for (size_t at = 0; at < bytes && at < 8192; at += LINE)
        __builtin_prefetch(row + at);
#else
    (void)row, (void)bytes;
#endif
}

void inv_dataset_gather(const struct inv_dataset *data, struct inv_run *run, const int32_t *row,
                        int64_t count)
{
    const struct inv_variable *sample = &data->model->variable[data->model->sample];
    memcpy(run->arena + sample->offset, row, (size_t)count * sizeof *row);
    for (int f = 0; f < data->model->data.field_count; f++) {
        unsigned char *to = run->arena + input_of(data, f)->offset;
        size_t bytes = data->bytes[f];
        if (!is_held(data, f))
            memset(to, 0, (size_t)count * bytes);
        for (int64_t i = 0; i < count && is_held(data, f); i++) {
            if (i + AHEAD < count)
                fetch_row(data->value[f] + (size_t)row[i + AHEAD] * bytes, bytes);
            memcpy(to + (size_t)i * bytes, data->value[f] + (size_t)row[i] * bytes, bytes);
        }
    }
    run->rows = count;
}

static void check_normalised(const struct inv_dataset *data, int64_t first, int64_t count)
{
    for (int f = 0; f < data->model->data.field_count; f++) {
        for (int64_t row = first; row < first + count && is_held(data, f); row++) {
            int64_t bad = find_bad_in(data, f, row);
            if (bad >= 0)
                report_bad(data, f, row, bad, NULL,
                           inv_text("%s, normalised row %lld", data->model->data.name,
                                    (long long)row));
        }
    }
}

int inv_dataset_normalise(struct inv_dataset *data, struct inv_run *run)
{
    int64_t batch = data->model->batch;
    int32_t *row = inv_allocate((size_t)batch * sizeof *row);
    for (int64_t at = 0; data->model->phase[INV_NORMALISE] && at < data->rows; at += batch) {
        int64_t count = data->rows - at < batch ? data->rows - at : batch;
        for (int64_t i = 0; i < count; i++)
            row[i] = (int32_t)(at + i);
        inv_dataset_gather(data, run, row, count);
        run_phase(data, run, INV_NORMALISE);
        keep_inputs(data, run, at);
        check_normalised(data, at, count);
    }
    free(row);
    return data->errors->count == 0;
}
