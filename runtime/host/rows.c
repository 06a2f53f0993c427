#include "rows.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "variable.h"

enum inv_source_of inv_rows_first_source(const struct inv_model *model)
{
    enum inv_source_of source = INV_MAIN;
    while (source < INV_OF_TEST && model->data.source[source].file_count == 0)
        source++;
    return source;
}

int inv_rows_file_of(const struct inv_model *model, const struct inv_field *field,
                     enum inv_source_of source)
{
    const struct inv_source *s = &model->data.source[source];
    int i = s->first_file;
    while (i < s->first_file + s->file_count - 1
           && strcmp(model->data.file[i].name, field->file) != 0)
        i++;
    return i;
}

char *inv_rows_path(const struct inv_model *model, const char *directory, const char *path)
{
    const char *slash = strrchr(model->path, '/');
    if (path[0] == '/')
        return inv_copy_text(path);
    if (directory)
        return inv_text("%s/%s", directory, path);
    if (!slash)
        return inv_copy_text(path);
    char *beside = inv_text("%.*s/%s", (int)(slash - model->path), model->path, path);
    if (access(beside, F_OK) == 0 || access(path, F_OK) != 0)
        return beside;
    free(beside);
    return inv_copy_text(path);
}

int64_t inv_rows_classes(const struct inv_model *model, const struct inv_field *field)
{
    return model->variable[field->raw >= 0 ? field->raw : field->input].classes;
}

static int is_read(const struct inv_rows *rows, const struct inv_field *field)
{
    return field->raw >= 0 && !(rows->inputs_only && field->label)
           && (rows->source == INV_MAIN || !field->key || field->key == INV_KEY_GROUP);
}

/* ---- arrays ---- */

/* The row's shape without axes of size 1, as text. */
static char *squeezed(const int64_t *dim, int rank)
{
    char *text = inv_copy_text("");
    for (int i = 0; i < rank; i++) {
        if (dim[i] == 1)
            continue;
        char *longer = inv_text("%s%s%lld", text, *text ? ", " : "", (long long)dim[i]);
        free(text);
        text = longer;
    }
    return text;
}

static void check_shape(struct inv_rows *rows, const struct inv_field *field,
                        const struct inv_array *a)
{
    const struct inv_variable *v = &rows->model->variable[field->raw];
    char *wanted = squeezed(v->dim, v->rank), *found = squeezed(a->dim, a->rank);
    if (strcmp(wanted, found) != 0)
        inv_error(rows->errors, "%s: a row has shape [%s], but field %s wants [%s]; give the file "
                  "that fits or change the field's shape", a->stream.path, found, field->name,
                  wanted);
    free(wanted);
    free(found);
}

static void check_row_counts(struct inv_rows *rows)
{
    const struct inv_array *first = NULL;
    for (int f = 0; f < rows->model->data.field_count; f++) {
        const struct inv_array *a = &rows->array[f];
        if (!a->bytes || a->rows < 0)
            continue;
        if (!first)
            first = a;
        if (a->rows != first->rows)
            inv_error(rows->errors, "%s: has %lld rows, but %s has %lld; they must belong to the "
                      "same samples", a->stream.path, (long long)a->rows, first->stream.path,
                      (long long)first->rows);
    }
}

static int open_arrays(struct inv_rows *rows)
{
    const struct inv_data *d = &rows->model->data;
    rows->array = inv_allocate((size_t)d->field_count * sizeof *rows->array);
    for (int f = 0; f < d->field_count; f++) {
        const struct inv_field *field = &d->field[f];
        rows->array[f].stream.file = -1;
        if (!is_read(rows, field))
            continue;
        const struct inv_file *file = &d->file[inv_rows_file_of(rows->model, field, rows->source)];
        char *path = inv_rows_path(rows->model, rows->directory, file->path);
        const struct inv_variable *v = &rows->model->variable[field->raw];
        if (inv_array_open(&rows->array[f], file, path, v->rank, v->dim, rows->errors))
            check_shape(rows, field, &rows->array[f]);
        free(path);
    }
    check_row_counts(rows);
    return rows->errors->count == 0;
}

static void check_classes(struct inv_rows *rows, const struct inv_field *field,
                          const struct inv_array *a, const int32_t *value)
{
    int64_t classes = inv_rows_classes(rows->model, field);
    for (int64_t i = 0; classes > 0 && i < a->row_cells; i++) {
        if (value[i] >= 0 && value[i] < classes)
            continue;
        inv_error(rows->errors, "%s: row %lld: class %d of field %s is out of range; expected 0 to "
                  "%lld, or labels moved by an expression such as y - 1", a->stream.path,
                  (long long)rows->row, value[i], field->name, (long long)classes - 1);
        return;
    }
}

static int next_arrays(struct inv_rows *rows, int64_t slot)
{
    const struct inv_data *d = &rows->model->data;
    int got = 0, ended = 0;
    for (int f = 0; f < d->field_count; f++) {
        struct inv_array *a = &rows->array[f];
        const struct inv_field *field = &d->field[f];
        if (!a->bytes)
            continue;
        const struct inv_variable *v = &rows->model->variable[field->raw];
        unsigned char *to = rows->arena + v->offset + (size_t)slot * inv_variable_bytes(v);
        int status = inv_array_next(a, v->dtype, to);
        if (status < 0)
            return -1;
        got += status;
        ended += !status;
        if (status && v->dtype == INV_I32)
            check_classes(rows, field, a, (const int32_t *)(const void *)to);
    }
    if (got && ended) {
        inv_error(rows->errors, "the files of data %s have different numbers of rows: one ends "
                  "after %lld", d->name, (long long)rows->row);
        return -1;
    }
    return got > 0;
}

static void close_arrays(struct inv_rows *rows, char (*hash)[65])
{
    const struct inv_data *d = &rows->model->data;
    unsigned char digest[32];
    for (int f = 0; rows->array && f < d->field_count; f++) {
        if (rows->array[f].stream.file < 0 || !rows->array[f].stream.path)
            continue;
        inv_array_close(&rows->array[f], digest);
        inv_sha256_hex(digest, hash[inv_rows_file_of(rows->model, &d->field[f], rows->source)]);
    }
    free(rows->array);
}

/* ---- both ---- */

static int is_table(const struct inv_rows *rows)
{
    return rows->model->data.kind == INV_CSV;
}

int inv_rows_open(struct inv_rows *rows)
{
    if (!is_table(rows))
        return open_arrays(rows);
    return inv_paths_find(&rows->paths, rows->model, rows->directory, rows->source, rows->errors)
           && inv_table_open(rows);
}

int inv_rows_next(struct inv_rows *rows, int64_t slot)
{
    int status = is_table(rows) ? inv_table_next(rows, slot) : next_arrays(rows, slot);
    rows->row += status > 0;
    return status;
}

struct inv_place inv_rows_here(const struct inv_rows *rows)
{
    return (struct inv_place){ rows->csv.line, rows->at };
}

char *inv_rows_place(const struct inv_rows *rows, int64_t row, struct inv_place place)
{
    if (is_table(rows))
        return inv_text("%s:%lld", rows->paths.path[place.at], (long long)place.line);
    return inv_text("%s, row %lld", rows->model->data.name, (long long)row);
}

void inv_rows_close(struct inv_rows *rows, char (*hash)[65])
{
    if (is_table(rows))
        inv_table_close(rows, hash);
    else
        close_arrays(rows, hash);
}
