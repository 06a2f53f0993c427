#include "dataset.h"
#include <stdlib.h>
#include <string.h>
#include "batch.h"
#include "feed.h"
#include "missing.h"
#include "place.h"
#include "row_file.h"
#include "split.h"
#include "variable.h"

static const struct inv_field *field_of(const struct inv_dataset *data, int f)
{
    return &data->model->data.field[f];
}

static const struct inv_variable *single_of(const struct inv_dataset *data, int f)
{
    return inv_variable_single(data->model, field_of(data, f));
}

/* Keys are needed until rows have their parts. */
static int is_held(const struct inv_dataset *data, int f)
{
    return !(data->order && data->model->data.field[f].key);
}

static int64_t row_bytes(const struct inv_dataset *data)
{
    int64_t bytes = 0;
    for (int f = 0; f < data->model->data.field_count; f++)
        bytes += (int64_t)data->bytes[f];
    return bytes;
}

/* Whether what is in the files of field f is not kept. */
static int is_decoded(const struct inv_dataset *data, int f)
{
    const struct inv_model *model = data->model;
    return data->decoder && inv_decoder_fields(model, f) < inv_decoder_fields(model, f + 1);
}

/* From here on files are read anew as their rows come, some before their turn: a quarter of what
 * memory would hold at most. */
static void begin_decoder(struct inv_dataset *data)
{
    int64_t ahead = inv_dataset_rows_memory(data), quarter = data->most * row_bytes(data) / 4;
    data->most = 0;
    data->decoder = inv_decoder_new(data->model, &data->files, ahead < quarter ? ahead : quarter,
                                    data->model->batch);
    for (int f = 0; f < data->model->data.field_count; f++)
        if (is_decoded(data, f)) {
            free(data->value[f]);
            data->value[f] = NULL;
        }
}

/* Makes room for so many rows; 0 where they are too many. */
static int grow(struct inv_dataset *data, int64_t rows)
{
    if (rows <= data->room)
        return 1;
    int many = data->most > 0 && rows > data->most;
    if (many && data->files.count > 0)
        begin_decoder(data);
    else if (many)
        return !(data->many = 1);
    data->room = data->room * 2 > rows ? data->room * 2 : rows;
    if (data->most > 0 && data->room > data->most)
        data->room = data->most;
    for (int f = 0; f < data->model->data.field_count; f++)
        if (!is_decoded(data, f))
            data->value[f] = inv_resize(data->value[f], (size_t)data->room * data->bytes[f]);
    return 1;
}

/* The rows in the INV_INPUT variables become rows first .. of the data set. */
static void keep_inputs(struct inv_dataset *data, const struct inv_run *run, int64_t first)
{
    for (int f = 0; f < data->model->data.field_count; f++)
        if (is_held(data, f) && !is_decoded(data, f))
            memcpy(data->value[f] + (size_t)first * data->bytes[f],
                   run->arena + single_of(data, f)->offset, (size_t)run->rows * data->bytes[f]);
}

/* Of windows: notes which of the rows to come begin a file. */
static void note_files(struct inv_dataset *data, const struct inv_feed *feed, int64_t before)
{
    for (int64_t i = 0; data->model->data.window > 0 && i < feed->run->rows; i++) {
        int64_t row = data->rows + i;
        int last = i ? feed->place[i - 1].at : data->file;
        if (row > before && feed->place[i].at == last)
            continue;
        if (data->stretch_count == data->stretch_room) {
            data->stretch_room = 2 * data->stretch_room + 16;
            data->stretch = inv_resize(data->stretch,
                                       (size_t)data->stretch_room * sizeof *data->stretch);
        }
        data->stretch[data->stretch_count++] = row;
    }
    data->file = feed->place[feed->run->rows - 1].at;
}

/* Which files the cells of the batch name. */
static void keep_files(struct inv_dataset *data, const struct inv_run *run,
                       struct inv_cell_file *file)
{
    int64_t count = run->rows * inv_decoder_fields(data->model, data->model->data.field_count);
    inv_cell_files_add(&data->files, file, count);
    memset(file, 0, (size_t)count * sizeof *file);
}

/* Appends the batch. */
static void append(struct inv_dataset *data, struct inv_run *run)
{
    if (data->writer)
        inv_row_file_add(data->writer, data, run);
    else if (grow(data, data->rows + run->rows))
        keep_inputs(data, run, data->rows);
    data->rows += run->rows;
}

/* ---- loading ---- */

/* What is read goes nowhere. */
static int is_lost(const struct inv_dataset *data)
{
    return data->many || (data->writer && data->writer->out.failed);
}

static void read_source(struct inv_dataset *data, struct inv_run *run, struct inv_feed *feed,
                        enum inv_source_of source)
{
    const struct inv_data *d = &data->model->data;
    int64_t before = data->rows;
    feed->rows.source = source;
    if (inv_feed_open(feed, run))
        while (!is_lost(data) && inv_feed_next(feed) > 0) {
            note_files(data, feed, before);
            if (feed->rows.named_files)
                keep_files(data, run, feed->rows.named_files);
            append(data, run);
        }
    if (data->errors->count == 0 && data->rows == before && !is_lost(data))
        inv_error(data->errors, "%s: has no rows of data",
                  d->file[d->source[source].first_file].path);
    feed->rows.lost = is_lost(data);
    inv_feed_close(feed, data->hash);
    data->dropped[source] = feed->rows.dropped;
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

/* Room for the files that the cells of a batch name, where they may have to be read anew. */
static void begin_files(const struct inv_dataset *data, struct inv_cell_files *batch)
{
    int fields = inv_decoder_fields(data->model, data->model->data.field_count);
    if (data->most == 0 || fields == 0)
        return;
    batch->count = batch->room = data->model->batch * fields;
    batch->file = inv_allocate((size_t)batch->count * sizeof *batch->file);
}

static void load_files(struct inv_dataset *data, struct inv_run *run)
{
    struct inv_cell_files batch = { .count = 0 };
    begin_files(data, &batch);
    struct inv_feed feed = { .rows = { .model = data->model, .arena = run->arena,
        .errors = data->errors, .given = data->given, .arrays = data->arrays,
        .fitted = &data->fitted, .keyless = data->whole, .inputs_only = data->inputs_only,
        .read = &data->read, .named_files = batch.file }, .fill = data->whole };
    feed.rows.csv.stream.file = -1;
    enum inv_source_of first = inv_place_first_source(data->model);
    for (int s = 0; s < INV_SOURCES && data->errors->count == 0 && !is_lost(data); s++) {
        int64_t before = data->rows;
        if (data->model->data.source[s].file_count > 0 && (!data->whole || s == (int)first))
            read_source(data, run, &feed, (enum inv_source_of)s);
        data->count[s] = data->rows - before;
    }
    take_key_names(data, &feed.rows);
    inv_table_free(&feed.rows);
    inv_cell_files_free(&batch);
    if (!data->decoder)
        inv_cell_files_free(&data->files);
}

/* As if nothing had been read. */
static void forget(struct inv_dataset *data)
{
    int fields = data->model->data.field_count;
    for (int f = 0; f < fields; f++) {
        if (!data->map.at || data->model->data.field[f].key)
            free(data->value[f]);
        data->value[f] = NULL;
        data->step[f] = data->bytes[f];
    }
    inv_row_map_close(&data->map);
    for (int k = 0; k < INV_KEYS; k++) {
        inv_names_free(&data->key[k]);
        data->key[k] = (struct inv_names){ .count = 0 };
    }
    inv_paths_free(&data->read);
    if (!data->fitted.known) {
        inv_fitted_free(&data->fitted, fields);
        inv_fitted_begin(&data->fitted, fields);
    }
    memset(data->count, 0, sizeof data->count);
    memset(data->dropped, 0, sizeof data->dropped);
    data->rows = data->room = data->most = data->many = 0;
}

/* Reads the files into the row file: 0 where that cannot be written, and *why then says so. */
static int make_row_file(struct inv_dataset *data, struct inv_run *run,
                         const struct inv_row_place *place, char **why)
{
    struct inv_row_writer writer;
    int before = data->errors->count;
    if (inv_row_file_begin(&writer, data, place)) {
        data->writer = &writer;
        load_files(data, run);
        data->writer = NULL;
    }
    return inv_row_file_end(&writer, data, data->errors->count == before, why);
}

/* Of a file that was just written, too, all is read: what was written wrong is found here. */
static int open_row_file(struct inv_dataset *data, struct inv_row_place *place)
{
    int status = inv_row_file_open(data, place);
    if (status <= 0)
        forget(data);
    return status;
}

/* As reading the sources would. */
static void note_dropped(const struct inv_dataset *data, const struct inv_row_place *place)
{
    for (int s = 0; s < INV_SOURCES; s++) {
        const struct inv_source *source = &data->model->data.source[s];
        int i = 0, end = source->first_file + source->file_count;
        while (i < place->count
               && (place->source[i].file < source->first_file || place->source[i].file >= end))
            i++;
        if (i < place->count)
            inv_table_note_dropped(data->errors, place->source[i].given, data->dropped[s], 0);
    }
}

/* The rows become those of a row file, which is made where there is none that is right.  Where it
 * cannot be, and --rows did not ask for it, they are read into memory. */
static void load_row_file(struct inv_dataset *data, struct inv_run *run,
                          struct inv_row_place *place)
{
    char *why = NULL;
    int before = data->errors->count, found = open_row_file(data, place);
    if (found > 0)
        note_dropped(data, place);
    if (found != 0)
        return;
    int made = make_row_file(data, run, place, &why);
    if (data->errors->count == before) {
        forget(data);
        if (made)
            inv_note(data->errors, "%s: keeps the rows of data %s, so that its files need not be "
                     "read again while they stay as they are", place->path, data->model->data.name);
        if (!made && place->asked)
            inv_error(data->errors, "%s", why);
        else if (!made || open_row_file(data, place) == 0) {
            inv_note(data->errors, "%s; rows are kept in memory", made ? place->path : why);
            load_files(data, run);
        }
    }
    free(why);
}

/* Rows are read into memory; where they turn out to be too many for it, into a file. */
static void load_rows(struct inv_dataset *data, struct inv_run *run, struct inv_row_place *place)
{
    data->most = place->memory / row_bytes(data);
    load_files(data, run);
    if (!data->many)
        return;
    forget(data);
    if (inv_row_place_instead(place, data))
        load_row_file(data, run, place);
    else
        load_files(data, run);
}

static void load(struct inv_dataset *data, struct inv_run *run)
{
    struct inv_row_place place;
    int found = inv_row_place_find(data, &place);
    if (found > 0)
        load_row_file(data, run, &place);
    else if (found == 0)
        load_rows(data, run, &place);
    inv_row_place_free(&place);
}

static char *drawn_row(const void *state, int64_t slot)
{
    const struct inv_dataset *data = state;
    return inv_text("%s, row %lld", data->model->data.name, (long long)(data->rows + slot));
}

static void draw_rows(struct inv_dataset *data, struct inv_run *run)
{
    int64_t total = data->model->data.rows, batch = data->model->batch;
    grow(data, total);
    while (data->rows < total && data->errors->count == 0) {
        int64_t rest = total - data->rows;
        inv_batch_prepare(data->model, run, data->rows, rest < batch ? rest : batch);
        inv_batch_check(data->model, run, &(struct inv_batch_check){ .errors = data->errors,
            .cells = 1, .place = drawn_row, .state = data });
        append(data, run);
    }
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
    data->step = inv_allocate((size_t)fields * sizeof *data->step);
    data->hash = inv_allocate((size_t)(d->file_count + 1) * sizeof *data->hash);
    inv_fitted_begin(&data->fitted, fields);
    for (int f = 0; f < fields; f++)
        data->step[f] = data->bytes[f] = inv_variable_bytes(single_of(data, f));
    if (d->kind == INV_RANDOM)
        draw_rows(data, run);
    else
        load(data, run);
    if (data->decoder)
        data->walk = inv_allocate((size_t)data->rows * sizeof *data->walk);
    for (int64_t i = 0; data->walk && i < data->rows; i++)
        data->walk[i] = (int32_t)i;
    if (data->errors->count == 0)
        inv_dataset_split(data, run->key);
    memcpy(run->key, run_key, sizeof run_key);
    return data->errors->count == 0;
}

void inv_dataset_free(struct inv_dataset *data)
{
    for (int f = 0; data->value && f < data->model->data.field_count; f++)
        if (!data->map.at || data->model->data.field[f].key)
            free(data->value[f]);
    inv_row_map_close(&data->map);
    inv_decoder_free(data->decoder);
    inv_cell_files_free(&data->files);
    free(data->walk);
    free(data->value);
    free(data->bytes);
    free(data->step);
    free(data->hash);
    if (data->learnt != data->order)
        free(data->learnt);
    free(data->order);
    free(data->stretch);
    for (int k = 0; k < INV_KEYS; k++)
        inv_names_free(&data->key[k]);
    inv_paths_free(&data->read);
    inv_fitted_free(&data->fitted, data->model->data.field_count);
}

/* ---- use ---- */

enum { LINE = 64, AHEAD = 2 }; /* bytes of a cache line; rows asked for before their turn */
enum { FAR = 8 }; /* scalar operations in the time that a byte takes to come from memory */

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

/* A run as the group that copies a field's rows sees it. */
struct gather {
    struct inv_run run;
    const unsigned char *value;
    unsigned char *to;
    size_t bytes, step;                 /* of a row; from one to the next */
    const int32_t *row;
    int64_t count;
};

static void copy_rows(const struct inv_run *run, int64_t begin, int64_t end)
{
    const struct gather *g = (const struct gather *)(const void *)run;
    for (int64_t i = begin; i < end; i++) {
        if (i + AHEAD < g->count)
            fetch_row(g->value + (size_t)g->row[i + AHEAD] * g->step, g->bytes);
        memcpy(g->to + (size_t)i * g->bytes, g->value + (size_t)g->row[i] * g->step, g->bytes);
    }
}

/* Where a field's rows go, and from where: whole windows, with `single` the rows by themselves.
 * mapped: row 0 of the batch in the file, or NULL. */
static struct gather gather_of(const struct inv_dataset *data, const struct inv_run *run, int f,
                               int single, const unsigned char *mapped)
{
    const struct inv_field *field = field_of(data, f);
    const struct inv_row_map *map = &data->map;
    int window = field->rows && !single;
    const struct inv_variable *to = window ? &data->model->variable[field->input]
                                           : single_of(data, f);
    size_t from = window ? (size_t)field->from * data->bytes[f] : 0;
    const unsigned char *value = data->value[f];
    if (value && mapped)                /* where it is in row 0 of the file */
        value = mapped + (size_t)(value - map->at) - map->first;
    return (struct gather){ .run = *run, .value = value ? value + from : NULL,
                            .bytes = inv_variable_bytes(to), .step = data->step[f],
                            .to = run->arena + to->offset };
}

/* All fields are prepared from the cells that are there; of the others these are not the rows'. */
static void decode_rows(const struct inv_dataset *data, struct inv_run *run, const int32_t *row,
                        int64_t count, const struct inv_row_ahead *ahead)
{
    inv_decoder_read(data->decoder, run, row, count, ahead);
    inv_batch_prepare_rows(data->model, run, row, count);
}

static void gather_rows(const struct inv_dataset *data, struct inv_run *run, const int32_t *row,
                        int64_t count, const struct inv_row_ahead *ahead, int single)
{
    struct inv_row_batch batch = { NULL, row };
    const struct inv_variable *sample = &data->model->variable[data->model->sample];
    memcpy(run->arena + sample->offset, row, (size_t)count * sizeof *row);
    if (data->map.at)
        batch = inv_row_map_read(&data->map, run, row, count, ahead);
    if (data->decoder)
        decode_rows(data, run, row, count, ahead);
    for (int f = 0; f < data->model->data.field_count; f++) {
        if (is_decoded(data, f))
            continue;
        struct gather g = gather_of(data, run, f, single, batch.byte);
        g.row = batch.row;
        g.count = count;
        if (is_held(data, f))
            inv_for(&g.run, copy_rows, count, FAR * count * (int64_t)g.bytes);
        else
            memset(g.to, 0, (size_t)count * g.bytes);
    }
    run->rows = run->batch = count;
    run->first_row = 0;
}

/* A batch of a row file, for the step at hand, which rows do not see. */
static void finish_rows(const struct inv_dataset *data, struct inv_run *run)
{
    int32_t step = run->step, epoch = run->epoch;
    inv_missing_fill_batch(data, run);
    if (data->model->phase[INV_NORMALISE])
        inv_batch_normalise(data->model, run);
    run->step = step;
    run->epoch = epoch;
}

void inv_dataset_gather(const struct inv_dataset *data, struct inv_run *run, const int32_t *row,
                        int64_t count, const struct inv_row_ahead *ahead)
{
    gather_rows(data, run, row, count, ahead, 0);
    if (inv_dataset_is_raw(data))
        finish_rows(data, run);
}

/* Rows from `at` on, as many as a batch has: a list of all, or in `row`. */
static const int32_t *list_batch(const struct inv_dataset *data, int32_t *row, int64_t at)
{
    if (data->walk)
        return data->walk + at;
    for (int64_t i = 0; i < data->model->batch; i++)
        row[i] = (int32_t)(at + i);
    return row;
}

void inv_dataset_decode(const struct inv_dataset *data, struct inv_run *run, int64_t row)
{
    int64_t left = data->rows - row, count = left < data->model->batch ? left : data->model->batch;
    decode_rows(data, run, data->walk + row, count,
                &(struct inv_row_ahead){ .rest = left - count });
}

struct normalised { const struct inv_dataset *data; int64_t first; };

static char *normalised_row(const void *state, int64_t slot)
{
    const struct normalised *n = state;
    return inv_text("%s, normalised row %lld", n->data->model->data.name,
                    (long long)(n->first + slot));
}

int inv_dataset_normalise(struct inv_dataset *data, struct inv_run *run)
{
    int64_t batch = data->model->batch;
    int32_t *listed = inv_allocate((size_t)batch * sizeof *listed);
    for (int64_t at = 0; data->model->phase[INV_NORMALISE] && at < data->rows; at += batch) {
        int64_t count = data->rows - at < batch ? data->rows - at : batch;
        const int32_t *row = list_batch(data, listed, at);
        struct inv_row_ahead ahead = { .rest = data->walk ? data->rows - at - count : 0 };
        if (inv_dataset_is_raw(data)) {
            inv_dataset_gather(data, run, row, count, &ahead);
        } else {
            gather_rows(data, run, row, count, NULL, 1);
            inv_batch_normalise(data->model, run);
            keep_inputs(data, run, at);
        }
        inv_batch_check(data->model, run, &(struct inv_batch_check){ .errors = data->errors,
            .place = normalised_row, .state = &(struct normalised){ data, at } });
    }
    free(listed);
    inv_row_map_shuffle(&data->map);
    return data->errors->count == 0;
}

unsigned char *inv_dataset_parts(const struct inv_dataset *data)
{
    unsigned char *part = inv_allocate((size_t)data->rows);
    memset(part, INV_PARTS, (size_t)data->rows);
    for (int p = 0; p < INV_PARTS; p++)
        for (int64_t i = data->begin[p]; i < data->begin[p + 1]; i++)
            part[data->order[i]] = (unsigned char)p;
    return part;
}

char *inv_dataset_parts_digest(const struct inv_dataset *data)
{
    const struct inv_data *d = &data->model->data;
    unsigned char *part = inv_dataset_parts(data), digest[32];
    char text[65];
    struct inv_sha256 sha;
    uint64_t seed = d->kind == INV_RANDOM ? d->has_seed ? d->seed : data->seed : 0;
    inv_sha256_init(&sha);
    for (int b = 0; b < 8; b++)
        inv_sha256_update(&sha, &(unsigned char){ (unsigned char)(seed >> 8 * b) }, 1);
    for (int i = 0; data->hash && i < d->file_count; i++)
        inv_sha256_update(&sha, data->hash[i], sizeof data->hash[i]);
    inv_sha256_update(&sha, part, (size_t)data->rows);
    inv_sha256_final(&sha, digest);
    inv_sha256_hex(digest, text);
    free(part);
    return inv_copy_text(text);
}
