/* Which columns of a CSV file are whose: the header, the columns of each field, the names of
 * classes; as the training data had them, where those are known. */
#include <stdlib.h>
#include <string.h>
#include "decimal.h"
#include "rows.h"
#include "suggest.h"
#include "variable.h"

/* ---- the header ---- */

/* Columns of the file are asked for by name. */
static int uses_names(const struct inv_rows *rows)
{
    const struct inv_data *d = &rows->model->data;
    for (int f = 0; f < d->field_count; f++)
        if (inv_table_reads(rows, f)
            && (d->field[f].first_column < 0 || rows->fitted->field[f].columns > 0))
            return 1;
    return 0;
}

/* Where the model does not say: a first line without any number is a header. */
static int looks_like_header(const struct inv_csv *csv)
{
    float value;
    for (int i = 0; i < csv->count; i++)
        if (inv_decimal_to_f32(inv_csv_cell(csv, i), '.', &value) == INV_DECIMAL_OK)
            return 0;
    return 1;
}

static void keep_header(struct inv_rows *rows)
{
    struct inv_header *h = &rows->header;
    size_t width = (size_t)rows->width;
    h->cell = inv_allocate(width * sizeof *h->cell);
    h->first = inv_allocate(width * sizeof *h->first);
    h->twice = inv_allocate(width);
    for (int i = 0; i < rows->width; i++) {
        h->cell[i] = inv_copy_text(inv_csv_cell(&rows->csv, i));
        int before = h->names.count, number = inv_names_add(&h->names, h->cell[i]);
        if (number == before)
            h->first[number] = i;
        else
            h->twice[number] = 1;
    }
}

void inv_table_free_header(struct inv_rows *rows)
{
    struct inv_header *h = &rows->header;
    for (int i = 0; h->cell && i < rows->width; i++)
        free(h->cell[i]);
    free(h->cell);
    free(h->first);
    free(h->twice);
    inv_names_free(&h->names);
    *h = (struct inv_header){ .cell = NULL };
}

/* ---- columns ---- */

/* The column of that name, or -1 after an error. */
static int find_column(struct inv_rows *rows, const char *name, const struct inv_field *field)
{
    const struct inv_header *h = &rows->header;
    int number = inv_names_find(&h->names, name);
    if (number >= 0 && !h->twice[number])
        return h->first[number];
    if (number >= 0) {
        inv_error(rows->errors, "%s:%lld: two columns are named \"%s\", so field %s cannot find "
                  "its own again; rename one, or read without the header", rows->csv.stream.path,
                  (long long)rows->csv.line, name, field->name);
        return -1;
    }
    const char *near = inv_suggest(name, (const char *const *)h->cell, rows->width);
    inv_error(rows->errors, "%s:%lld: no column is named \"%s\" (field %s)%s%s%s",
              rows->csv.stream.path, (long long)rows->csv.line, name, field->name,
              near ? "; did you mean \"" : "; correct the name in the model or the header",
              near ? near : "", near ? "\"?" : "");
    return -1;
}

static void take_range(struct inv_columns *c, int first, int last)
{
    c->count = last - first + 1;
    c->at = inv_resize(c->at, (size_t)c->count * sizeof *c->at);
    for (int i = 0; i < c->count; i++)
        c->at[i] = first + i;
}

/* As the model says. */
static void bind_model(struct inv_rows *rows, int f)
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
    else
        take_range(&rows->columns[f], first, last);
}

/* By the names that the training data had, wherever they stand now. */
static void bind_fitted(struct inv_rows *rows, int f)
{
    const struct inv_field *field = &rows->model->data.field[f];
    const struct inv_fitted_field *fitted = &rows->fitted->field[f];
    struct inv_columns *c = &rows->columns[f];
    int64_t wanted = inv_variable_elements(&rows->model->variable[field->raw]);
    if (!rows->header.cell || fitted->columns != wanted) {
        inv_error(rows->errors, "%s:%lld: field %s was trained on %d columns found by their names"
                  "%s; use the model file of the training", rows->csv.stream.path,
                  (long long)rows->csv.line, field->name, fitted->columns,
                  rows->header.cell ? "" : ", but the model says header = false");
        return;
    }
    take_range(c, 0, fitted->columns - 1);
    for (int i = 0; i < c->count; i++)
        c->at[i] = find_column(rows, fitted->column[i], field);
}

/* A name that two columns have would not find its column again. */
static void keep_columns(struct inv_rows *rows, int f)
{
    struct inv_fitted_field *fitted = &rows->fitted->field[f];
    const struct inv_columns *c = &rows->columns[f];
    fitted->column = inv_allocate((size_t)c->count * sizeof *fitted->column);
    fitted->columns = c->count;
    for (int i = 0; i < c->count; i++) {
        fitted->column[i] = inv_copy_text(rows->header.cell[c->at[i]]);
        find_column(rows, fitted->column[i], &rows->model->data.field[f]);
    }
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
    return 1;
}

static int bind_columns(struct inv_rows *rows)
{
    for (int f = 0; f < rows->model->data.field_count; f++) {
        if (!inv_table_reads(rows, f))
            continue;
        if (rows->fitted->field[f].columns > 0)
            bind_fitted(rows, f);
        else
            bind_model(rows, f);
    }
    for (int f = 0; rows->errors->count == 0 && f < rows->model->data.field_count; f++)
        if (inv_table_reads(rows, f) && rows->header.cell && !rows->fitted->known
            && rows->fitted->field[f].columns == 0)
            keep_columns(rows, f);
    return rows->errors->count == 0;
}

/* ---- class names that the model does not list ---- */

static int counts_names(const struct inv_rows *rows, int f)
{
    const struct inv_field *field = &rows->model->data.field[f];
    return inv_table_reads(rows, f) && field->text && field->class_count == 0
           && rows->fitted->field[f].classes == 0;
}

/* The names found become those of the field. */
static void keep_names(struct inv_rows *rows, int f, const char *path)
{
    const struct inv_field *field = &rows->model->data.field[f];
    struct inv_fitted_field *fitted = &rows->fitted->field[f];
    struct inv_names *label = &rows->columns[f].label;
    int64_t classes = inv_rows_classes(rows->model, field);
    inv_names_sort(label);
    if (label->count != classes)
        inv_error(rows->errors, "%s: field %s has %d distinct labels, but the model declares %lld "
                  "classes; correct class[...] or list the names there", path, field->name,
                  label->count, (long long)classes);
    fitted->class_name = inv_allocate((size_t)label->count * sizeof *fitted->class_name);
    fitted->classes = label->count;
    for (int i = 0; i < label->count; i++)
        fitted->class_name[i] = inv_copy_text(label->name[i]);
}

static void add_names(struct inv_columns *c, const struct inv_csv *csv)
{
    for (int i = 0; i < c->count; i++)
        if (c->at[i] < csv->count && *inv_csv_cell(csv, c->at[i]))
            inv_names_add(&c->label, inv_csv_cell(csv, c->at[i]));
}

/* Reads the file once through for the distinct names of such fields, then begins again. */
static int collect_names(struct inv_rows *rows)
{
    int wanted = 0, fields = rows->model->data.field_count;
    for (int f = 0; f < fields; f++)
        wanted |= counts_names(rows, f);
    if (!wanted)
        return 1;
    if (rows->fitted->known) {
        inv_error(rows->errors, "%s: the names of the classes that the weights were trained on are "
                  "not known; use the model file of the training", rows->csv.stream.path);
        return 0;
    }
    struct inv_csv first = rows->csv;
    char *path = inv_copy_text(rows->csv.stream.path);
    int more = rows->waiting ? 1 : inv_csv_next(&first);
    for (; more > 0; more = inv_csv_next(&first))
        for (int f = 0; f < fields; f++)
            if (counts_names(rows, f))
                add_names(&rows->columns[f], &first);
    inv_csv_close(&first, NULL);
    for (int f = 0; more == 0 && f < fields; f++)
        if (counts_names(rows, f))
            keep_names(rows, f, path);
    int ok = inv_csv_open(&rows->csv, path, &first.dialect, rows->errors)
             && inv_csv_next(&rows->csv) > 0;
    free(path);
    return ok && rows->errors->count == 0;
}

/* The names that the cells of a class may have, in the order of their numbers. */
static void list_labels(struct inv_rows *rows)
{
    for (int f = 0; f < rows->model->data.field_count; f++) {
        const struct inv_field *field = &rows->model->data.field[f];
        const struct inv_fitted_field *fitted = &rows->fitted->field[f];
        struct inv_names *label = &rows->columns[f].label;
        int count = field->class_count ? field->class_count : fitted->classes;
        for (int i = label->count; i < count; i++)
            inv_names_add(label, field->class_count ? field->class_name[i]
                                                    : fitted->class_name[i]);
    }
}

int inv_table_bind(struct inv_rows *rows)
{
    if (!read_header(rows) || !bind_columns(rows) || !collect_names(rows))
        return 0;
    list_labels(rows);
    return 1;
}
