/* Which columns of a CSV file are whose: the header, the columns of each field, the names of
 * classes; as the training data had them, where those are known. */
#include <stdlib.h>
#include <string.h>
#include "cell.h"
#include "dates.h"
#include "decimal.h"
#include "rows.h"
#include "suggest.h"
#include "variable.h"

/* ---- is the first line a header? ---- */

/* Columns of the file are asked for by name. */
static int uses_names(const struct inv_rows *rows)
{
    const struct inv_data *d = &rows->model->data;
    for (int f = 0; f < d->field_count; f++)
        for (int i = 0; inv_cell_is_read(rows, f) && i < d->field[f].range_count; i++)
            if (d->field[f].range[i].first < 0 || rows->fitted->field[f].columns > 0)
                return 1;
    return 0;
}

enum first_cell { NUMBERS, WORDS, OTHERS, KINDS }; /* OTHERS: missing cells, yes and no */

static enum first_cell kind_of(const struct inv_rows *rows, int f, const char *cell)
{
    enum inv_cell_form form = rows->model->data.field[f].form;
    float value;
    if (form > INV_CELL_MISSING && !inv_date_read(cell, form, &value))
        return NUMBERS;
    if (inv_cell_is_blank(cell) || inv_names_find(&rows->na, cell) >= 0
        || inv_cell_truth(cell) >= 0)
        return OTHERS;
    switch (inv_decimal_to_f32(cell, rows->model->data.decimal, &value)) {
    case INV_DECIMAL_NOT_NUMBER: return WORDS;
    case INV_DECIMAL_NAN: return OTHERS;
    default: return NUMBERS;
    }
}

/* count[k]: the cells of kind k in the columns that are read as numbers or dates. */
static void judge_line(const struct inv_rows *rows, int count[KINDS])
{
    for (int f = 0; f < rows->model->data.field_count; f++) {
        const struct inv_field *field = &rows->model->data.field[f];
        int numbers = !field->text && !field->key && field->form != INV_CELL_MISSING;
        for (int i = 0; inv_cell_is_read(rows, f) && numbers && i < field->range_count; i++)
            for (int c = field->range[i].first; c <= field->range[i].last && c < rows->width; c++)
                count[kind_of(rows, f, inv_csv_cell(&rows->csv, c))]++;
    }
}

/* Whole numbers that count up by one step, as in 0,1,2 or 2019,2020: names, it may be. */
static int counts_up(const struct inv_csv *csv)
{
    int32_t value, last = 0, step = 1;
    int width = csv->count;
    for (int i = 0; i < width; i++, last = value) {
        const char *cell = inv_csv_cell(csv, i);
        if (strspn(cell, "0123456789") != strlen(cell)
            || inv_decimal_to_i32(cell, '.', &value) != INV_DECIMAL_OK)
            return 0;
        if (i == 1)
            step = value - last;
        if (i > 0 && (step < 1 || (step > 1 && width == 2) || value - last != step))
            return 0;
    }
    return width > 1;
}

/* The line below holds numbers, and does not count up. */
static int differs_below(const struct inv_rows *rows)
{
    struct inv_csv below;
    float value;
    int differs = inv_csv_open(&below, rows->paths.path[rows->at], &rows->csv.dialect,
                               rows->errors)
                  && inv_csv_next(&below) > 0 && inv_csv_next(&below) > 0 && !counts_up(&below);
    for (int i = 0; differs && i < below.count; i++)
        differs = inv_decimal_to_f32(inv_csv_cell(&below, i), rows->model->data.decimal, &value)
                  == INV_DECIMAL_OK;
    inv_csv_close(&below, NULL);
    return differs;
}

/* Where the model does not say: names are words, and a row has numbers; what may be either is an
 * error (-1). */
static int find_out(struct inv_rows *rows)
{
    int count[KINDS] = { 0 };
    if (uses_names(rows))
        return 1;
    judge_line(rows, count);
    if (count[WORDS] && !count[NUMBERS] && !count[OTHERS])
        return 1;
    if (count[NUMBERS] && !count[WORDS] && !count[OTHERS]
        && !(counts_up(&rows->csv) && differs_below(rows)))
        return 0;
    inv_error(rows->errors, "%s:%lld: the first line may be a header or a row; say which in the "
              "model: csv(..., header = true) or header = false", rows->csv.stream.path,
              (long long)rows->csv.line);
    return -1;
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

/* The first names of the header, to be said in an error: in new memory. */
static char *list_names(const struct inv_rows *rows)
{
    enum { MOST = 8 };
    char *list = inv_copy_text("");
    for (int i = 0; i < rows->width && i < MOST; i++) {
        char *longer = inv_text("%s%s\"%.40s\"", list, i ? ", " : "", rows->header.cell[i]);
        free(list);
        list = longer;
    }
    char *all = rows->width > MOST ? inv_text("%s and %d more", list, rows->width - MOST)
                                   : inv_copy_text(list);
    free(list);
    return all;
}

/* What the model's `skip` has to do with the line at hand being no header: in new memory. */
static char *tell_skip(const struct inv_rows *rows)
{
    long long skip = rows->csv.dialect.skip;
    return skip ? inv_text("; skip = %lld left out %lld line%s before it", skip, skip,
                           skip > 1 ? "s" : "")
                : inv_copy_text("");
}

/* The column of that name, or -1 after an error. */
static int find_column(struct inv_rows *rows, const char *name, const struct inv_field *field)
{
    const struct inv_header *h = &rows->header;
    int number = inv_names_find(&h->names, name);
    if (number >= 0 && !h->twice[number])
        return h->first[number];
    if (number >= 0) {
        inv_error(rows->errors, "%s:%lld: two columns are named \"%s\", so field %s cannot find "
                  "its own again; rename one, or read by position: csv(..., skip = 1, header = "
                  "false)", rows->csv.stream.path, (long long)rows->csv.line, name, field->name);
        return -1;
    }
    const char *near = inv_suggest(name, (const char *const *)h->cell, rows->width);
    char *there = near ? inv_text("did you mean \"%s\"?", near) : list_names(rows);
    char *skip = tell_skip(rows);
    inv_error(rows->errors, "%s:%lld: no column is named \"%s\" (field %s); %s%s%s",
              rows->csv.stream.path, (long long)rows->csv.line, name, field->name,
              near ? "" : "there are ", there, near ? "" : skip);
    free(there);
    free(skip);
    return -1;
}

static void add_columns(struct inv_columns *c, int first, int last)
{
    if (c->count + last - first + 1 > c->room) {
        c->room = 2 * c->room + last - first + 1;
        c->at = inv_resize(c->at, (size_t)c->room * sizeof *c->at);
    }
    for (; first <= last; first++)
        c->at[c->count++] = first;
}

static void bind_range(struct inv_rows *rows, int f, const struct inv_range *range)
{
    const struct inv_field *field = &rows->model->data.field[f];
    int first = range->first, last = range->last;
    if (first < 0) {
        first = find_column(rows, range->first_name, field);
        last = strcmp(range->last_name, range->first_name)
                   ? find_column(rows, range->last_name, field)
                   : first;
        if (first < 0 || last < 0)
            return;
    }
    if (last >= rows->width)
        inv_error(rows->errors, "%s:%lld: field %s takes column %d, but there are only columns 0 "
                  "to %d; correct the column or check the separator", rows->csv.stream.path,
                  (long long)rows->csv.line, field->name, last, rows->width - 1);
    else if (last < first)
        inv_error(rows->errors, "%s:%lld: column \"%s\" stands before \"%s\", so nothing lies "
                  "between them for field %s; write them in the order of the header",
                  rows->csv.stream.path, (long long)rows->csv.line, range->last_name,
                  range->first_name, field->name);
    else
        add_columns(&rows->columns[f], first, last);
}

/* As the model says. */
static void bind_model(struct inv_rows *rows, int f)
{
    const struct inv_field *field = &rows->model->data.field[f];
    int64_t wanted = inv_cell_columns(rows->model, field);
    struct inv_columns *c = &rows->columns[f];
    int before = rows->errors->count;
    for (int i = 0; i < field->range_count; i++)
        bind_range(rows, f, &field->range[i]);
    if (rows->errors->count > before || c->count == wanted)
        return;
    char *which = field->range_count > 1
                      ? inv_copy_text("the columns")
                      : inv_text("columns %d to %d", c->at[0], c->at[c->count - 1]);
    inv_error(rows->errors, "%s:%lld: %s hold %d cells, but field %s has %lld; correct the columns "
              "or the field's shape", rows->csv.stream.path, (long long)rows->csv.line, which,
              c->count, field->name, (long long)wanted);
    free(which);
}

/* By the names that the training data had, wherever they stand now. */
static void bind_fitted(struct inv_rows *rows, int f)
{
    const struct inv_field *field = &rows->model->data.field[f];
    const struct inv_fitted_field *fitted = &rows->fitted->field[f];
    struct inv_columns *c = &rows->columns[f];
    int64_t wanted = inv_cell_columns(rows->model, field);
    if (!rows->header.cell || fitted->columns != wanted) {
        inv_error(rows->errors, "%s:%lld: field %s was trained on %d columns found by their names"
                  "%s; use the model file of the training", rows->csv.stream.path,
                  (long long)rows->csv.line, field->name, fitted->columns,
                  rows->header.cell ? "" : ", but the model says header = false");
        return;
    }
    for (int i = 0; i < fitted->columns; i++) {
        int column = find_column(rows, fitted->column[i], field);
        if (column >= 0)
            add_columns(c, column, column);
    }
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

/* A line of one cell, where the model wants others, has its cells between other separators. */
static int check_delimiter(struct inv_rows *rows)
{
    const char *cell = inv_csv_cell(&rows->csv, 0), *other = strpbrk(cell, ";\t|,");
    int wanted = 0;
    for (int f = 0; f < rows->model->data.field_count; f++)
        for (int i = 0; i < rows->model->data.field[f].range_count; i++)
            wanted |= inv_cell_is_read(rows, f) && rows->model->data.field[f].range[i].last != 0;
    if (rows->width > 1 || !other || !wanted)
        return 1;
    char separator[] = { *other, 0 }, *skip = tell_skip(rows);
    inv_error(rows->errors, "%s:%lld: the line is one cell, in which '%s' stands; say what stands "
              "between cells: csv(..., delimiter = %s%s%s)%s", rows->csv.stream.path,
              (long long)rows->csv.line, *other == '\t' ? "tab" : separator,
              *other == '\t' ? "" : "\"", *other == '\t' ? "tab" : separator,
              *other == '\t' ? "" : "\"", skip);
    free(skip);
    return 0;
}

/* A header whose last name is empty ends in a separator, as its rows may or may not. */
static int check_last_name(struct inv_rows *rows)
{
    if (rows->width == 1 || *rows->header.cell[rows->width - 1])
        return 1;
    inv_error(rows->errors, "%s:%lld: a separator ends the header, and separators stand between "
              "cells; remove it in every line that ends so, or read by position: csv(..., skip = "
              "%lld, header = false)", rows->csv.stream.path, (long long)rows->csv.line,
              (long long)rows->csv.line);
    return 0;
}

/* A line for a spreadsheet, which is no header: sep=; */
static int check_mark(struct inv_rows *rows)
{
    if (strncmp(inv_csv_cell(&rows->csv, 0), "sep=", 4) != 0)
        return 1;
    inv_error(rows->errors, "%s:%lld: the line 'sep=' tells a spreadsheet what stands between "
              "cells; leave it out: csv(..., skip = %lld)", rows->csv.stream.path,
              (long long)rows->csv.line, (long long)rows->csv.line);
    return 0;
}

static int read_header(struct inv_rows *rows)
{
    int text = rows->csv.holds == INV_CSV_TEXT;
    int header = text ? rows->model->data.header : rows->csv.holds != INV_CSV_NUMBERS;
    int status = inv_csv_next(&rows->csv);
    if (status == 0)
        inv_error(rows->errors, "%s: is empty; expected lines of cells with separators between",
                  rows->csv.stream.path);
    if (status <= 0)
        return 0;
    rows->width = rows->csv.count;
    if (text && !(check_mark(rows) && check_delimiter(rows)))
        return 0;
    if (header < 0)
        header = find_out(rows);
    if (header < 0)
        return 0;
    rows->waiting = !header;
    if (header)
        keep_header(rows);
    return !header || !text || check_last_name(rows);
}

/* Objects have names in any order, so that a place among those of training says nothing; the
 * columns of an array have places alone. */
static int cannot_find(struct inv_rows *rows, int f)
{
    const struct inv_field *field = &rows->model->data.field[f];
    enum inv_csv_holds holds = rows->csv.holds;
    int numbered = 0, fitted = rows->fitted->field[f].columns > 0, named = fitted;
    int later = rows->keyless || rows->fitted->known || rows->model->data.header == 0;
    for (int i = 0; i < field->range_count; i++) {
        numbered |= field->range[i].first >= 0;
        named |= field->range[i].first < 0;
    }
    if (holds == INV_CSV_OBJECTS && numbered && later && !fitted)
        inv_error(rows->errors, "%s: field %s takes columns by number, without names; objects have "
                  "names alone: write the rows as CSV", rows->csv.stream.path, field->name);
    else if (holds == INV_CSV_NUMBERS && named)
        inv_error(rows->errors, "%s: field %s finds its columns by their names, and those of an "
                  "NPY array have none; write the rows as CSV or JSON lines, or let the model be "
                  "trained by position: csv(..., skip = 1, header = false)",
                  rows->csv.stream.path, field->name);
    else
        return 0;
    return 1;
}

struct header_names { int asked, absent, strange; }; /* strange: like none that is there */

static void count_names(const struct inv_rows *rows, int f, struct header_names *n)
{
    const struct inv_field *field = &rows->model->data.field[f];
    const struct inv_fitted_field *fitted = &rows->fitted->field[f];
    const struct inv_header *h = &rows->header;
    int count = fitted->columns > 0 ? fitted->columns : field->range_count;
    for (int i = 0; i < count; i++) {
        const char *name = fitted->columns > 0          ? fitted->column[i]
                           : field->range[i].first < 0 ? field->range[i].first_name
                                                       : NULL;
        int absent = name && inv_names_find(&h->names, name) < 0;
        n->asked += name != NULL;
        n->absent += absent;
        n->strange += absent && !inv_suggest(name, (const char *const *)h->cell, rows->width);
    }
}

/* A line that has none of several names is no header of this model, and one in another encoding
 * has not its names: said once. */
static int check_header(struct inv_rows *rows)
{
    struct header_names n = { .asked = 0 };
    if (!rows->header.cell || rows->csv.holds != INV_CSV_TEXT)
        return 1;
    for (int f = 0; f < rows->model->data.field_count; f++)
        if (inv_cell_is_read(rows, f))
            count_names(rows, f, &n);
    for (int i = 0; n.absent && i < rows->width; i++)
        if (!inv_cell_is_utf8(rows->header.cell[i])) {
            inv_error(rows->errors, "%s:%lld: the name of column(%d) " INV_NOT_UTF8,
                      rows->csv.stream.path, (long long)rows->csv.line, i);
            return 0;
        }
    if (n.asked < 2 || n.strange < n.asked)
        return 1;
    char *there = list_names(rows), *skip = tell_skip(rows);
    inv_error(rows->errors, "%s:%lld: none of the %d columns that are asked for is there, but %s; "
              "is this line the header? Lines above it are left out by csv(..., skip = 1); without "
              "a header columns are numbers: column(0)%s",
              rows->csv.stream.path, (long long)rows->csv.line, n.asked, there, skip);
    free(there);
    free(skip);
    return 0;
}

static int bind_columns(struct inv_rows *rows)
{
    if (!check_header(rows))
        return 0;
    for (int f = 0; f < rows->model->data.field_count; f++) {
        rows->columns[f].count = 0;
        if (!inv_cell_is_read(rows, f) || cannot_find(rows, f))
            continue;
        if (rows->fitted->field[f].columns > 0)
            bind_fitted(rows, f);
        else
            bind_model(rows, f);
    }
    for (int f = 0; rows->errors->count == 0 && f < rows->model->data.field_count; f++)
        if (inv_cell_is_read(rows, f) && rows->header.cell && !rows->fitted->known
            && rows->fitted->field[f].columns == 0)
            keep_columns(rows, f);
    return rows->errors->count == 0;
}

/* ---- class names that the model does not list ---- */

static int counts_names(const struct inv_rows *rows, int f)
{
    const struct inv_field *field = &rows->model->data.field[f];
    return inv_cell_is_read(rows, f) && field->text && field->class_count == 0
           && rows->fitted->field[f].classes == 0;
}

/* The names found become those of the field. */
static void keep_names(struct inv_rows *rows, int f, const char *path)
{
    const struct inv_field *field = &rows->model->data.field[f];
    struct inv_names *label = &rows->columns[f].label;
    int64_t classes = inv_cell_classes(rows->model, field);
    inv_names_sort(label);
    if (label->count != classes)
        inv_error(rows->errors, "%s: field %s has %d distinct labels, but the model declares %lld "
                  "classes; correct class[...] or list the names there", path, field->name,
                  label->count, (long long)classes);
    inv_fitted_keep(&rows->fitted->field[f], label);
}

static void add_names(struct inv_rows *rows, int f)
{
    struct inv_columns *c = &rows->columns[f];
    for (int i = 0; i < c->count; i++) {
        const char *cell = c->at[i] < rows->csv.count ? inv_csv_cell(&rows->csv, c->at[i]) : "";
        if (!inv_cell_is_missing(rows, f, cell))
            inv_names_add(&c->label, cell);
    }
}

/* A file as the model says, or where cells name files, what is listed in its place. */
static int open_file(struct inv_rows *rows, const char *path)
{
    const struct inv_data *d = &rows->model->data;
    const struct inv_dialect dialect = { d->delimiter, d->comment, d->skip, d->decimal };
    char *text = NULL;
    int listed = d->files ? d->files->list(path, &text, rows->collecting, rows->errors) : 0;
    if (listed > 0)
        return inv_csv_open_listed(&rows->csv, path, text,
                                   listed == 1 ? INV_CSV_FOLDER : INV_CSV_ALONE, rows->errors);
    return listed == 0 && inv_csv_open(&rows->csv, path, &dialect, rows->errors);
}

int inv_table_begin(struct inv_rows *rows, int at)
{
    int width = rows->width, had_header = rows->had_header;
    rows->at = at;
    inv_sha256_init(&rows->files);
    if (!open_file(rows, rows->paths.path[at]) || !inv_table_bind(rows))
        return 0;
    rows->had_header = rows->header.cell != NULL;
    if (at == 0 || (rows->had_header == had_header && (had_header || rows->width == width)))
        return 1;
    inv_error(rows->errors, "%s: %s; files of one source are written alike",
              rows->csv.stream.path, rows->had_header != had_header
                                         ? "only one of this file and the one before has a header"
                                         : "has another number of columns than the file before");
    return 0;
}

void inv_table_end(struct inv_rows *rows, char hash[65])
{
    unsigned char digest[32];
    inv_table_free_header(rows);
    if (!rows->csv.stream.path)         /* closed before */
        return;
    inv_csv_close(&rows->csv, hash ? digest : NULL);
    if (hash && rows->model->data.files) {
        inv_sha256_update(&rows->files, digest, sizeof digest);
        inv_sha256_final(&rows->files, digest);
    }
    if (hash)
        inv_sha256_hex(digest, hash);
}

/* The distinct names in file `at`: 0 after an error. */
static int scan_names(struct inv_rows *rows, int at)
{
    int more = inv_table_begin(rows, at) ? 1 : -1;
    if (more > 0 && !rows->waiting)
        more = inv_csv_next(&rows->csv);
    for (; more > 0; more = inv_csv_next(&rows->csv))
        for (int f = 0; f < rows->model->data.field_count; f++)
            if (counts_names(rows, f))
                add_names(rows, f);
    inv_table_end(rows, NULL);
    return more == 0 && rows->errors->count == 0;
}

int inv_table_collect(struct inv_rows *rows)
{
    int wanted = 0, fields = rows->model->data.field_count;
    for (int f = 0; f < fields; f++)
        wanted |= counts_names(rows, f);
    if (!wanted)
        return 1;
    if (rows->fitted->known) {
        inv_error(rows->errors, "%s: the names of the classes that the weights were trained on are "
                  "not known; use the model file of the training", rows->paths.path[0]);
        return 0;
    }
    rows->collecting = 1;
    for (int at = 0; at < rows->paths.count; at++)
        if (!scan_names(rows, at))
            return 0;
    rows->collecting = 0;
    for (int f = 0; f < fields; f++)
        if (counts_names(rows, f))
            keep_names(rows, f, rows->paths.path[0]);
    return rows->errors->count == 0;
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
    if (!read_header(rows) || !bind_columns(rows))
        return 0;
    list_labels(rows);
    return 1;
}
