/* The columns of a CSV file as the cells of fields. */
#include <stdlib.h>
#include <string.h>
#include "decimal.h"
#include "rows.h"
#include "suggest.h"
#include "variable.h"

static int is_read(const struct inv_rows *rows, int f)
{
    const struct inv_field *field = &rows->model->data.field[f];
    return field->raw >= 0 && !(rows->inputs_only && field->label);
}

/* ---- the header ---- */

static int uses_names(const struct inv_rows *rows)
{
    const struct inv_data *d = &rows->model->data;
    for (int f = 0; f < d->field_count; f++)
        if (is_read(rows, f) && d->field[f].first_column < 0)
            return 1;
    return 0;
}

/* Where the model does not say: a first line without any number is a header. */
static int looks_like_header(const struct inv_csv *csv)
{
    float value;
    for (int i = 0; i < csv->count; i++)
        if (inv_decimal_to_f32(inv_csv_cell(csv, i), &value) == INV_DECIMAL_OK)
            return 0;
    return 1;
}

static void keep_header(struct inv_rows *rows)
{
    rows->header = inv_allocate((size_t)rows->csv.count * sizeof *rows->header);
    for (int i = 0; i < rows->csv.count; i++)
        rows->header[i] = inv_copy_text(inv_csv_cell(&rows->csv, i));
}

/* The column of that name, or -1 after an error. */
static int find_column(struct inv_rows *rows, const char *name, const struct inv_field *field)
{
    for (int i = 0; i < rows->width; i++)
        if (strcmp(rows->header[i], name) == 0)
            return i;
    const char *near = inv_suggest(name, (const char *const *)rows->header, rows->width);
    inv_error(rows->errors, "%s:%lld: no column is named \"%s\" (field %s)%s%s%s",
              rows->csv.stream.path, (long long)rows->csv.line, name, field->name,
              near ? "; did you mean \"" : "; correct the name in the model or the header",
              near ? near : "", near ? "\"?" : "");
    return -1;
}

static void bind_field(struct inv_rows *rows, int f)
{
    const struct inv_field *field = &rows->model->data.field[f];
    int64_t wanted = inv_variable_elements(&rows->model->variable[field->raw]);
    int first = field->first_column, last = field->last_column;
    if (first < 0) {
        const char *end = field->last_name ? field->last_name : field->first_name;
        first = find_column(rows, field->first_name, field);
        last = strcmp(end, field->first_name) ? find_column(rows, end, field) : first;
        if (first < 0 || last < 0)
            return;
    }
    if (last >= rows->width)
        inv_error(rows->errors, "%s:%lld: field %s takes column %d, but there are only columns 0 "
                  "to %d; correct the column or check the separator (it must be a comma)",
                  rows->csv.stream.path, (long long)rows->csv.line, field->name, last,
                  rows->width - 1);
    else if (last - first + 1 != wanted)
        inv_error(rows->errors, "%s:%lld: columns %d to %d hold %d cells, but field %s has %lld; "
                  "correct the columns or the field's shape", rows->csv.stream.path,
                  (long long)rows->csv.line, first, last, last - first + 1, field->name,
                  (long long)wanted);
    rows->columns[f].first = first;
    rows->columns[f].count = last - first + 1;
}

static int read_header(struct inv_rows *rows)
{
    int header = rows->model->data.header;
    int status = inv_csv_next(&rows->csv);
    if (status == 0)
        inv_error(rows->errors, "%s: is empty; expected lines of cells with commas between",
                  rows->csv.stream.path);
    if (status <= 0)
        return 0;
    rows->width = rows->csv.count;
    if (header < 0)
        header = uses_names(rows) || looks_like_header(&rows->csv);
    rows->waiting = !header;
    if (header)
        keep_header(rows);
    for (int f = 0; f < rows->model->data.field_count; f++)
        if (is_read(rows, f))
            bind_field(rows, f);
    return rows->errors->count == 0;
}

/* ---- class names that the model does not list ---- */

/* Where name stands, or would, in the field's sorted list; *found tells which. */
static int find_name(const struct inv_columns *c, const char *name, int *found)
{
    int low = 0, high = c->names;
    *found = 0;
    while (low < high && !*found) {
        int middle = (low + high) / 2, order = strcmp(name, c->name[middle]);
        *found = order == 0;
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return *found ? high : low;
}

static void add_name(struct inv_columns *c, const char *name)
{
    int found, at = find_name(c, name, &found);
    if (found || !*name)
        return;
    if (c->names == c->name_room) {
        c->name_room = c->name_room * 2 + 16;
        c->name = inv_resize(c->name, (size_t)c->name_room * sizeof *c->name);
    }
    memmove(c->name + at + 1, c->name + at, (size_t)(c->names - at) * sizeof *c->name);
    c->name[at] = inv_copy_text(name);
    c->names++;
}

static int counts_names(const struct inv_rows *rows, int f)
{
    const struct inv_field *field = &rows->model->data.field[f];
    return is_read(rows, f) && field->text && field->class_count == 0;
}

static void check_name_count(struct inv_rows *rows, int f, const char *path)
{
    const struct inv_field *field = &rows->model->data.field[f];
    int64_t classes = inv_rows_classes(rows->model, field);
    if (rows->source == inv_rows_first_source(rows->model)
        && rows->columns[f].names != classes)
        inv_error(rows->errors, "%s: field %s has %d distinct labels, but the model declares %lld "
                  "classes; correct class[...] or list the names there", path, field->name,
                  rows->columns[f].names, (long long)classes);
}

/* Reads the file once through for the distinct names of such fields, then begins again. */
static int collect_names(struct inv_rows *rows)
{
    int wanted = 0, fields = rows->model->data.field_count;
    for (int f = 0; f < fields; f++)
        wanted |= counts_names(rows, f) && rows->columns[f].names == 0;
    if (!wanted)
        return 1;
    struct inv_csv first = rows->csv;
    char *path = inv_copy_text(rows->csv.stream.path);
    int more = rows->waiting ? 1 : inv_csv_next(&first);
    for (; more > 0; more = inv_csv_next(&first))
        for (int f = 0; f < fields; f++)
            if (counts_names(rows, f) && rows->columns[f].first < first.count)
                add_name(&rows->columns[f], inv_csv_cell(&first, rows->columns[f].first));
    inv_csv_close(&first, NULL);
    for (int f = 0; more == 0 && f < fields; f++)
        if (counts_names(rows, f))
            check_name_count(rows, f, path);
    int ok = inv_csv_open(&rows->csv, path, rows->errors) && inv_csv_next(&rows->csv) > 0;
    free(path);
    return ok && rows->errors->count == 0;
}

/* ---- cells ---- */

static void bad_cell(struct inv_rows *rows, int column, const char *what)
{
    const char *name = rows->header ? rows->header[column] : NULL;
    inv_error(rows->errors, "%s:%lld: column %d%s%s%s: \"%.60s\" %s", rows->csv.stream.path,
              (long long)rows->csv.line, column, name ? " (" : "", name ? name : "",
              name ? ")" : "", inv_csv_cell(&rows->csv, column), what);
}

static const char *describe(enum inv_decimal status)
{
    switch (status) {
    case INV_DECIMAL_EMPTY:
        return "is a missing value; fill it in or leave the line out";
    case INV_DECIMAL_NAN:
        return "is no number to train on; fill it in or leave the line out";
    case INV_DECIMAL_INFINITE:
        return "is not finite; correct it or leave the line out";
    case INV_DECIMAL_TOO_LARGE:
        return "is beyond the largest number of this type; scale the column";
    default:
        return "is not a number; expected decimal digits such as 1.5 or -2e3";
    }
}

static void read_class(struct inv_rows *rows, const struct inv_field *field, int column,
                       int32_t *to)
{
    int64_t classes = inv_rows_classes(rows->model, field);
    enum inv_decimal status = inv_decimal_to_i32(inv_csv_cell(&rows->csv, column), to);
    if (status == INV_DECIMAL_NOT_NUMBER) {
        bad_cell(rows, column, "is not a whole number; for text labels list the names: "
                               "class[\"a\", \"b\"]");
    } else if (status != INV_DECIMAL_OK) {
        bad_cell(rows, column, describe(status));
    } else if (classes > 0 && (*to < 0 || *to >= classes)) {
        char *what = inv_text("is out of range; class[%lld] has 0 to %lld; labels are moved by an "
                              "expression such as column(\"y\") - 1", (long long)classes,
                              (long long)classes - 1);
        bad_cell(rows, column, what);
        free(what);
    }
}

static void report_label(struct inv_rows *rows, const struct inv_field *field, int column,
                         const char *const *list, int count)
{
    const char *near = inv_suggest(inv_csv_cell(&rows->csv, column), list, count);
    char *what = near ? inv_text("is no label of field %s; did you mean \"%s\"?", field->name, near)
                      : inv_text("is no label of field %s; add it to class[...] in the model or "
                                 "correct the cell", field->name);
    bad_cell(rows, column, what);
    free(what);
}

static void read_label(struct inv_rows *rows, int f, int column, int32_t *to)
{
    const struct inv_field *field = &rows->model->data.field[f];
    const struct inv_columns *c = &rows->columns[f];
    const char *cell = inv_csv_cell(&rows->csv, column);
    const char *const *list = field->class_count ? field->class_name
                                                 : (const char *const *)c->name;
    int count = field->class_count ? field->class_count : c->names;
    if (!*cell) {
        bad_cell(rows, column, describe(INV_DECIMAL_EMPTY));
        return;
    }
    for (int i = 0; i < count; i++) {
        if (strcmp(cell, list[i]) == 0) {
            *to = i;
            return;
        }
    }
    report_label(rows, field, column, list, count);
}

static void read_number(struct inv_rows *rows, int column, float *to)
{
    enum inv_decimal status = inv_decimal_to_f32(inv_csv_cell(&rows->csv, column), to);
    if (status != INV_DECIMAL_OK)
        bad_cell(rows, column, describe(status));
}

static void read_field(struct inv_rows *rows, int f, int64_t slot)
{
    const struct inv_field *field = &rows->model->data.field[f];
    const struct inv_variable *v = &rows->model->variable[field->raw];
    void *to = rows->arena + v->offset + (size_t)slot * inv_variable_bytes(v);
    for (int i = 0; i < rows->columns[f].count; i++) {
        int column = rows->columns[f].first + i;
        if (field->text)
            read_label(rows, f, column, (int32_t *)to + i);
        else if (v->dtype == INV_F32)
            read_number(rows, column, (float *)to + i);
        else
            read_class(rows, field, column, (int32_t *)to + i);
    }
}

/* ---- the file ---- */

int inv_table_open(struct inv_rows *rows, const char *path)
{
    if (!rows->columns)
        rows->columns = inv_allocate((size_t)rows->model->data.field_count *
                                     sizeof *rows->columns);
    return inv_csv_open(&rows->csv, path, rows->errors) && read_header(rows) &&
           collect_names(rows);
}

int inv_table_next(struct inv_rows *rows, int64_t slot)
{
    int status = rows->waiting ? 1 : inv_csv_next(&rows->csv);
    rows->waiting = 0;
    if (status <= 0)
        return status;
    if (rows->csv.count != rows->width) {
        inv_error(rows->errors, "%s:%lld: has %d cells, but the first line has %d; add or remove "
                  "cells, or quote those with commas in them", rows->csv.stream.path,
                  (long long)rows->csv.line, rows->csv.count, rows->width);
        return inv_errors_full(rows->errors) ? -1 : 1;
    }
    for (int f = 0; f < rows->model->data.field_count; f++)
        if (is_read(rows, f))
            read_field(rows, f, slot);
    return inv_errors_full(rows->errors) ? -1 : 1;
}

void inv_table_close(struct inv_rows *rows, unsigned char digest[32])
{
    for (int i = 0; rows->header && i < rows->width; i++)
        free(rows->header[i]);
    free(rows->header);
    rows->header = NULL;
    inv_csv_close(&rows->csv, digest);
}
