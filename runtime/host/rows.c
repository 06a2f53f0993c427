#include "rows.h"
#include <stdlib.h>
#include <string.h>
#include "cell.h"
#include "place.h"
#include "variable.h"

/* The file of a source that holds a field. */
static int file_of(const struct inv_model *model, const struct inv_field *field,
                   enum inv_source_of source)
{
    const struct inv_source *s = &model->data.source[source];
    int i = s->first_file;
    while (i < s->first_file + s->file_count - 1
           && strcmp(model->data.file[i].name, field->file) != 0)
        i++;
    return i;
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
                  "that fits or change the field's shape", a->stream->path, found, field->name,
                  wanted);
    free(wanted);
    free(found);
}

static void check_row_counts(struct inv_rows *rows)
{
    const struct inv_array *first = NULL;
    for (int f = 0; f < rows->model->data.field_count; f++) {
        const struct inv_array *a = &rows->array[f].array;
        if (a->row_cells == 0 || a->rows < 0 || rows->array[f].paths.count > 1)
            continue;
        if (!first)
            first = a;
        if (a->rows != first->rows)
            inv_error(rows->errors, "%s: has %lld rows, but %s has %lld; they must belong to the "
                      "same samples", a->stream->path, (long long)a->rows, first->stream->path,
                      (long long)first->rows);
    }
}

/* The characters of the source, in byte order, become the classes of field f. */
static int find_characters(struct inv_rows *rows, int f)
{
    const struct inv_field *field = &rows->model->data.field[f];
    struct inv_series *s = &rows->array[f];
    long long classes = (long long)inv_cell_classes(rows->model, field);
    int lines = rows->model->data.kind == INV_FILE_LINES;
    if (!inv_characters_collect(&s->paths, lines, &s->characters, rows->errors))
        return 0;
    if (s->characters.count == classes) {
        inv_fitted_keep(&rows->fitted->field[f], &s->characters);
        return 1;
    }
    inv_error(rows->errors, "%s: has %d different characters%s, and the model declares %lld "
              "classes for field %s: write class[..., %d]", s->paths.path[0], s->characters.count,
              lines ? " with the line end" : "", classes, field->name, s->characters.count);
    return 0;
}

/* The characters of a line that fields take. */
static int64_t reach_of_lines(const struct inv_model *model)
{
    int64_t reach = 0;
    for (int f = 0; f < model->data.field_count; f++) {
        const struct inv_field *field = &model->data.field[f];
        int64_t end = field->from + inv_variable_elements(&model->variable[field->raw]);
        reach = end > reach ? end : reach;
    }
    return reach;
}

/* A field of characters: those that are known number the text, else the text numbers them. */
static void open_characters(struct inv_rows *rows, int f)
{
    const struct inv_fitted_field *fitted = &rows->fitted->field[f];
    for (int i = 0; i < fitted->classes; i++)
        inv_names_add(&rows->array[f].characters, fitted->class_name[i]);
    rows->array[f].line_from = rows->model->data.field[f].from;
    if (rows->model->data.kind == INV_FILE_LINES)
        rows->array[f].line_reach = reach_of_lines(rows->model);
    if (fitted->classes > 0 || find_characters(rows, f))
        inv_series_read_characters(&rows->array[f]);
}

/* Opens the array of a field; wanted: see place.h. */
static void open_array(struct inv_rows *rows, int f, const unsigned char *wanted)
{
    const struct inv_data *d = &rows->model->data;
    const struct inv_field *field = &d->field[f];
    int file = file_of(rows->model, field, rows->source);
    const struct inv_variable *v = &rows->model->variable[field->raw];
    char *path = inv_place_file(rows->model, rows->given, rows->source, file, wanted, rows->errors);
    if (path && inv_series_open(&rows->array[f], &d->file[file], file, path, v->rank, v->dim,
                                rows->errors)) {
        check_shape(rows, field, &rows->array[f].array);
        if (field->text && (d->kind == INV_FILE_TEXT || d->kind == INV_FILE_LINES))
            open_characters(rows, f);
    }
    free(path);
}

static int open_arrays(struct inv_rows *rows)
{
    const struct inv_data *d = &rows->model->data;
    unsigned char *wanted = inv_allocate((size_t)d->file_count);
    rows->array = inv_allocate((size_t)d->field_count * sizeof *rows->array);
    for (int f = 0; f < d->field_count; f++) {
        rows->array[f].array.own.file = -1;
        if (inv_cell_is_read(rows, f))
            wanted[file_of(rows->model, &d->field[f], rows->source)] = 1;
    }
    int before = rows->errors->count;
    for (int f = 0; f < d->field_count && rows->errors->count == before; f++)
        if (inv_cell_is_read(rows, f))
            open_array(rows, f, wanted);
    free(wanted);
    check_row_counts(rows);
    return rows->errors->count == before;
}

static void check_classes(struct inv_rows *rows, const struct inv_field *field,
                          const struct inv_array *a, const int32_t *value)
{
    int64_t classes = inv_cell_classes(rows->model, field);
    for (int64_t i = 0; classes > 0 && i < a->row_cells; i++) {
        if (value[i] >= 0 && value[i] < classes)
            continue;
        inv_error(rows->errors, "%s: row %lld: class %d of field %s is out of range; expected 0 to "
                  "%lld, or labels moved by an expression such as y - 1", a->stream->path,
                  (long long)a->row - 1, value[i], field->name, (long long)classes - 1);
        return;
    }
}

static int next_arrays(struct inv_rows *rows, int64_t slot)
{
    const struct inv_data *d = &rows->model->data;
    int got = 0, ended = 0;
    for (int f = 0; f < d->field_count; f++) {
        struct inv_array *a = &rows->array[f].array;
        const struct inv_field *field = &d->field[f];
        if (a->row_cells == 0)      /* it is not read */
            continue;
        const struct inv_variable *v = &rows->model->variable[field->raw];
        unsigned char *to = rows->arena + v->offset + (size_t)slot * inv_variable_bytes(v);
        int status = inv_series_next(&rows->array[f], v->dtype, to);
        if (status < 0)
            return -1;
        rows->at = rows->array[f].at;
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
    for (int f = 0; rows->array && f < rows->model->data.field_count; f++)
        inv_series_close(&rows->array[f], rows->lost ? NULL : hash, rows->read);
    free(rows->array);
    rows->array = NULL;
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
    return inv_paths_find(&rows->paths, rows->model, rows->given, rows->source, rows->errors)
           && inv_table_open(rows);
}

int inv_rows_next(struct inv_rows *rows, int64_t slot)
{
    int status = is_table(rows) ? inv_table_next(rows, slot) : next_arrays(rows, slot);
    rows->row += status > 0;
    return status;
}

int inv_rows_column(struct inv_rows *rows, const char *name)
{
    if (is_table(rows))
        return inv_table_column(rows, name);
    inv_error(rows->errors, "%s: data %s is read from arrays, which have no columns to keep", name,
              rows->model->data.name);
    return -1;
}

const char *inv_rows_cell(const struct inv_rows *rows, int column)
{
    return inv_csv_cell(&rows->csv, column);
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
