/* The cells of a CSV file as values of fields. */
#include <stdlib.h>
#include <string.h>
#include "cell.h"
#include "dataset.h"
#include <strings.h>
#include "dates.h"
#include "decoder.h"
#include "decimal.h"
#include "rows.h"
#include "suggest.h"
#include "variable.h"

/* The file of a folder, else the line of the table, in new memory. */
static char *place_of(const struct inv_rows *rows)
{
    const char *table = rows->csv.stream.path;
    if (rows->csv.holds == INV_CSV_FOLDER)
        return inv_text("%s/%s", table, inv_csv_cell(&rows->csv, 0));
    return rows->csv.holds == INV_CSV_ALONE ? inv_copy_text(table)
                                            : inv_text("%s:%lld", table, (long long)rows->csv.line);
}

/* A column is called as in the model: by its name, or else column(0). */
static void bad_cell(struct inv_rows *rows, int column, const char *what)
{
    char *line = place_of(rows);
    const char *name = rows->header.cell ? rows->header.cell[column] : NULL;
    const char *cell = inv_csv_cell(&rows->csv, column);
    char *place = name ? inv_text("column \"%s\"", name) : inv_text("column(%d)", column);
    if (inv_cell_is_utf8(cell))
        inv_error(rows->errors, "%s: %s: \"%.60s\" %s", line, place, cell, what);
    else
        inv_error(rows->errors, "%s: %s: the cell " INV_NOT_UTF8, line, place);
    free(line);
    free(place);
}

static const char *describe(enum inv_decimal status)
{
    switch (status) {
    case INV_DECIMAL_EMPTY:
        return "is a missing value; say what becomes of those: column(..., missing = drop), "
               "mean, median or a number";
    case INV_DECIMAL_NAN:
        return "is no number to train on; fill it in or leave the line out";
    case INV_DECIMAL_INFINITE:
        return "is not finite; correct it or leave the line out";
    case INV_DECIMAL_TOO_LARGE:
        return "is beyond the largest number of this type; scale the column";
    default:
        return "is not a number; expected decimal digits such as 1.5 or -2e3, true, false, yes "
               "or no";
    }
}

static void bad_class(struct inv_rows *rows, int64_t classes, int column)
{
    char *what = inv_text("is out of range; class[%lld] has 0 to %lld; labels are moved by an "
                          "expression such as column(\"y\") - 1", (long long)classes,
                          (long long)classes - 1);
    bad_cell(rows, column, what);
    free(what);
}

/* The name that is the cell without the blanks around it, or NULL: a name holds as it stands. */
static const char *find_trimmed(const struct inv_names *names, const char *cell)
{
    char *trimmed = inv_copy_text(cell + strspn(cell, " \t"));
    size_t size = strlen(trimmed);
    while (size > 0 && strchr(" \t", trimmed[size - 1]))
        trimmed[--size] = 0;
    int found = size < strlen(cell) ? inv_names_find(names, trimmed) : -1;
    free(trimmed);
    return found < 0 ? NULL : names->name[found];
}

static void report_label(struct inv_rows *rows, int f, int column)
{
    const char *field = rows->model->data.field[f].name;
    const struct inv_names *label = &rows->columns[f].label;
    const char *cell = inv_csv_cell(&rows->csv, column), *same = find_trimmed(label, cell);
    const char *near = inv_suggest(cell, (const char *const *)label->name, label->count);
    char *cure = same ? inv_text("; without the blanks around it, it is \"%s\"", same)
                 : near ? inv_text("; did you mean \"%s\"?", near)
                 : rows->fitted->field[f].classes
                     ? inv_copy_text(": the training data had none of that name; correct the cell "
                                     "or train again")
                 : rows->fitted->known
                     ? inv_copy_text("; correct the cell, or add the name to class[...] in the "
                                     "model and train again")
                     : inv_copy_text("; add it to class[...] in the model or correct the cell");
    char *what = inv_text("is none of the names of field %s%s", field, cure);
    free(cure);
    bad_cell(rows, column, what);
    free(what);
}

/* A value of the field's type. */
static void put(const struct inv_variable *v, float value, void *to)
{
    int32_t whole = (int32_t)value;
    memcpy(to, v->dtype == INV_F32 ? (const void *)&value : (const void *)&whole, 4);
}

/* What the model says of a cell without a value; `mark`, where there is one, notes the place. */
static void put_missing(struct inv_rows *rows, int f, int column, void *to, unsigned char *mark)
{
    const struct inv_field *field = &rows->model->data.field[f];
    const struct inv_variable *v = &rows->model->variable[field->raw];
    put(v, field->missing == INV_MISSING_VALUE ? field->missing_value : 0, to);
    if (field->missing == INV_MISSING_ERROR)
        bad_cell(rows, column, field->text || field->form >= INV_CELL_IMAGE
                                   ? "is a missing value; to leave such rows out: column(..., "
                                     "missing = drop)"
                                   : describe(INV_DECIMAL_EMPTY));
    rows->drop |= field->missing == INV_MISSING_DROP;
    if (mark)
        *mark = 1;
}

static void read_label(struct inv_rows *rows, int f, int column, int32_t *to)
{
    *to = inv_names_find(&rows->columns[f].label, inv_csv_cell(&rows->csv, column));
    if (*to < 0)
        report_label(rows, f, column);
}

static void read_date(struct inv_rows *rows, int f, int column, void *to)
{
    const struct inv_field *field = &rows->model->data.field[f];
    float value = 0;
    const char *wrong = inv_date_read(inv_csv_cell(&rows->csv, column), field->form, &value);
    if (wrong)
        bad_cell(rows, column, wrong);
    put(&rows->model->variable[field->raw], value, to);
}

/* What is no number may be a date, or mean that there is none. */
static void report_text(struct inv_rows *rows, int column)
{
    const char *cell = inv_csv_cell(&rows->csv, column);
    float days;
    if (!inv_date_read(cell, INV_CELL_DAYS, &days)) {
        bad_cell(rows, column, "is a date, not a number; say what becomes of it: column(...) -> "
                               "days");
        return;
    }
    char *what = inv_text("%s; if it means missing: csv(..., na = [\"%.60s\"]); a field of words "
                          "has their names for its type: class[\"a\", \"b\"]",
                          describe(INV_DECIMAL_NOT_NUMBER), cell);
    bad_cell(rows, column, what);
    free(what);
}

/* Whether the text is a number whose thousands are parted by `mark`, as in 1.234,56. */
static int parts_thousands(const char *cell, char mark)
{
    const char *digit = "0123456789";
    size_t size = strspn(cell += *cell == '-' || *cell == '+', digit);
    int groups = 0;
    for (cell += size; *cell == mark && strspn(cell + 1, digit) == 3; cell += 4)
        groups++;
    char other = mark == '.' ? ',' : '.';
    return groups > 0 && size >= 1 && size <= 3
           && (!*cell || (*cell == other && cell[1 + strspn(cell + 1, digit)] == 0));
}

/* What is no number for its points or commas; 0 where they are not to blame. */
static int report_point(struct inv_rows *rows, int column)
{
    const char *cell = inv_csv_cell(&rows->csv, column);
    char point = rows->model->data.decimal, other = point == '.' ? ',' : '.';
    char mark = parts_thousands(cell, other) ? other : parts_thousands(cell, point) ? point : 0;
    int decimal = strchr(cell, other) && !(mark == other && strchr(cell, point));
    if (!mark && !decimal)
        return 0;
    char *thousands = mark ? inv_text("; if '%c' parts its thousands, leave it out", mark)
                           : inv_copy_text("");
    char *what = inv_text("is not a number%s%s", thousands,
                          !decimal       ? ""
                          : point == ',' ? ", where ',' is the decimal point"
                                         : "; if ',' is its decimal point, say so: csv(..., "
                                           "decimal = \",\")");
    bad_cell(rows, column, what);
    free(what);
    free(thousands);
    return 1;
}

/* A number of the field's type, or a word that counts as one. */
static void read_number(struct inv_rows *rows, int f, int column, void *to)
{
    const struct inv_variable *v = &rows->model->variable[rows->model->data.field[f].raw];
    const char *cell = inv_csv_cell(&rows->csv, column);
    char point = rows->model->data.decimal;
    int truth, whole = v->dtype == INV_I32;
    enum inv_decimal status = whole ? inv_decimal_to_i32(cell, point, to)
                                    : inv_decimal_to_f32(cell, point, to);
    if (status == INV_DECIMAL_OK)
        return;
    if (status == INV_DECIMAL_NOT_NUMBER && (truth = inv_cell_truth(cell)) >= 0)
        put(v, (float)truth, to);
    else if (status == INV_DECIMAL_NOT_NUMBER && whole)
        bad_cell(rows, column, "is not a whole number; for text labels list the names: "
                               "class[\"a\", \"b\"]");
    else if (status != INV_DECIMAL_NOT_NUMBER)
        bad_cell(rows, column, describe(status));
    else if (!report_point(rows, column))
        report_text(rows, column);
}

/* A key keeps its text, whatever it is; that of a part must stand for one. */
static void read_key(struct inv_rows *rows, int f, int column, int32_t *to)
{
    const struct inv_field *field = &rows->model->data.field[f];
    struct inv_names *names = &rows->columns[f].label;
    int before = names->count;
    *to = inv_names_add(names, inv_csv_cell(&rows->csv, column));
    if (*to == before && field->key == INV_KEY_PART
        && inv_dataset_part_of(&rows->model->data, names->name[*to]) < 0)
        bad_cell(rows, column, "names no part; say which value stands for which: part by "
                               "column(...) { val = \"dev\"  test = 3 }");
}

static void read_cell(struct inv_rows *rows, int f, int column, void *to, unsigned char *mark)
{
    const struct inv_field *field = &rows->model->data.field[f];
    const struct inv_variable *v = &rows->model->variable[field->raw];
    int missing = inv_cell_is_missing(rows, f, inv_csv_cell(&rows->csv, column));
    int64_t classes = inv_cell_classes(rows->model, field);
    int before = rows->errors->count;
    if (field->form == INV_CELL_MISSING)
        put(v, (float)missing, to);
    else if (missing)
        put_missing(rows, f, column, to, mark);
    else if (field->key)
        read_key(rows, f, column, to);
    else if (field->text)
        read_label(rows, f, column, to);
    else if (field->form != INV_CELL_NUMBER)
        read_date(rows, f, column, to);
    else
        read_number(rows, f, column, to);
    if (v->dtype == INV_I32 && classes > 0 && rows->errors->count == before
        && (*(int32_t *)to < 0 || *(int32_t *)to >= classes))
        bad_class(rows, classes, column);
}

/* The sample nearest to a time in seconds, of two the later; -1 where that is none.  Decimals
 * behind the ninth do not count. */
static int64_t sample_at(const char *cell, char point, int64_t rate)
{
    uint64_t seconds, part = 0, unit = 1;
    cell += strspn(cell, " ");
    if (!inv_decimal_whole(&cell, INT32_MAX, &seconds))
        return -1;
    if (*cell == point)
        for (cell++; *cell >= '0' && *cell <= '9'; cell++)
            if (unit < 1000000000) {
                part = 10 * part + (uint64_t)(*cell - '0');
                unit *= 10;
            }
    cell += strspn(cell, " ");
    uint64_t whole = seconds * (uint64_t)rate;
    return *cell ? -1 : (int64_t)(whole + (2 * part * (uint64_t)rate + unit) / (2 * unit));
}

/* Where a piece begins, as the second of the field's columns says; 0 after an error. */
static int find_piece(struct inv_rows *rows, const struct inv_field *field, int column)
{
    rows->named.first = 0;
    if (!field->sound.pieces)
        return 1;
    const char *cell = inv_csv_cell(&rows->csv, column);
    rows->named.first = sample_at(cell, rows->model->data.decimal, field->sound.rate);
    if (rows->named.first < 0)
        bad_cell(rows, column, "is no time in seconds, such as 12.5, at which a piece begins");
    return rows->named.first >= 0;
}

/* Which file the slot's cell of field f names; it takes the path. */
static void keep_named(struct inv_rows *rows, int f, int64_t slot, char *path)
{
    const struct inv_model *model = rows->model;
    int64_t number = slot * inv_decoder_fields(model, model->data.field_count);
    struct inv_cell_file *file = &rows->named_files[number + inv_decoder_fields(model, f)];
    free(file->path);
    *file = (struct inv_cell_file){ .path = path, .first = rows->named.first };
    memcpy(file->digest, rows->named.digest, sizeof file->digest);
}

/* The image or sound that the first cell names, from the folder of the table. */
static void read_file(struct inv_rows *rows, int f, const int *at, int64_t slot, float *to)
{
    const struct inv_field *field = &rows->model->data.field[f];
    int column = at[0];
    if (inv_cell_is_missing(rows, f, inv_csv_cell(&rows->csv, column))) {
        put_missing(rows, f, column, to, NULL);
        return;
    }
    if (!find_piece(rows, field, at[field->sound.pieces]))
        return;
    const struct inv_variable *v = &rows->model->variable[field->raw];
    const char *cell = inv_csv_cell(&rows->csv, column), *table = rows->csv.stream.path;
    const char *slash = strrchr(table, '/');
    struct inv_named *named = &rows->named;
    enum inv_csv_holds holds = rows->csv.holds;
    int listed = holds == INV_CSV_FOLDER || holds == INV_CSV_ALONE;
    char *where = listed ? inv_copy_text("")
                         : inv_text("%s:%lld: ", table, (long long)rows->csv.line);
    char *path = *cell == '/'              ? inv_copy_text(cell)
                 : holds == INV_CSV_FOLDER ? inv_text("%s/%s", table, cell)
                 : slash                   ? inv_text("%.*s/%s", (int)(slash - table), table, cell)
                                           : inv_copy_text(cell);
    named->where = where;
    if (rows->model->data.files->read(named, path, field, v->dim + 1, to, rows->errors))
        inv_sha256_update(&rows->files, named->digest, sizeof named->digest);
    if (rows->named_files)
        keep_named(rows, f, slot, path);
    else
        free(path);
    free(where);
}

/* Most cells are numbers, and of a number nothing else is asked, unless texts that mean missing are
 * listed: they may be numbers too. */
static void read_field(struct inv_rows *rows, int f, int64_t slot)
{
    const struct inv_data *d = &rows->model->data;
    const struct inv_variable *v = &rows->model->variable[d->field[f].raw];
    const struct inv_columns *c = &rows->columns[f];
    unsigned char *to = rows->arena + v->offset + (size_t)slot * inv_variable_bytes(v);
    unsigned char *mark = c->missing ? c->missing + slot * c->count : NULL;
    int plain = v->dtype == INV_F32 && d->field[f].form == INV_CELL_NUMBER && d->na_count < 0;
    if (d->field[f].form >= INV_CELL_IMAGE) {
        read_file(rows, f, c->at, slot, (float *)(void *)to);
        return;
    }
    if (mark)
        memset(mark, 0, (size_t)c->count);
    for (int i = 0; i < c->count; i++, to += 4) {
        const char *cell = inv_csv_cell(&rows->csv, c->at[i]);
        float *real = (float *)(void *)to;
        size_t size = inv_csv_size(&rows->csv, c->at[i]);
        if (!plain || !inv_decimal_quick(cell, size, d->decimal, real))
            read_cell(rows, f, c->at[i], to, mark ? mark + i : NULL);
    }
}

/* ---- the files ---- */

/* What means missing where the model lists nothing. */
static const char *const usual_na[] = { "NA", "N/A", "NaN", "nan", "NULL", "null", "None" };

static void make_columns(struct inv_rows *rows)
{
    const struct inv_data *d = &rows->model->data;
    int usual = (int)(sizeof usual_na / sizeof *usual_na);
    rows->columns = inv_allocate((size_t)d->field_count * sizeof *rows->columns);
    for (int f = 0; f < d->field_count; f++)
        if (d->field[f].raw >= 0 && d->field[f].missing >= INV_MISSING_MEAN)
            rows->columns[f].missing = inv_allocate(
                (size_t)(rows->model->batch *
                         inv_variable_elements(&rows->model->variable[d->field[f].raw])));
    for (int i = 0; i < (d->na_count < 0 ? usual : d->na_count); i++)
        inv_names_add(&rows->na, d->na_count < 0 ? usual_na[i] : d->na[i]);
}

int inv_table_open(struct inv_rows *rows)
{
    if (!rows->columns)
        make_columns(rows);
    rows->dropped = 0;
    if (!inv_table_collect(rows) || !inv_table_begin(rows, 0))
        return 0;
    char separator[] = { rows->csv.dialect.delimiter, 0 };
    if (!rows->model->data.delimiter && rows->csv.holds == INV_CSV_TEXT)
        inv_note(rows->errors, "%s: cells are separated by %s", rows->csv.stream.path,
                 *separator == '\t' ? "tabs" : separator);
    return 1;
}

/* The next record of the source's files: as inv_csv_next. */
static int next_record(struct inv_rows *rows)
{
    int status = rows->waiting ? 1 : inv_csv_next(&rows->csv);
    rows->waiting = 0;
    while (status == 0 && rows->at + 1 < rows->paths.count) {
        inv_table_end(rows, rows->paths.hash[rows->at]);
        if (!inv_table_begin(rows, rows->at + 1))
            return -1;
        status = rows->waiting ? 1 : inv_csv_next(&rows->csv);
        rows->waiting = 0;
    }
    return status;
}

static void bad_width(struct inv_rows *rows)
{
    int count = rows->csv.count, width = rows->width;
    int behind = count == width + 1 && !*inv_csv_cell(&rows->csv, width);
    const char *cure = behind ? "a separator ends the line; remove it, separators stand between "
                                "cells"
                              : "add or remove cells, or quote those with separators in them";
    inv_error(rows->errors, "%s:%lld: has %d cells, but the first line has %d; %s",
              rows->csv.stream.path, (long long)rows->csv.line, count, width, cure);
}

int inv_table_next(struct inv_rows *rows, int64_t slot)
{
    int status;
    do {
        status = next_record(rows);
        if (status <= 0)
            return status;
        rows->drop = 0;
        if (rows->csv.count != rows->width)
            bad_width(rows);
        else
            inv_cell_each_field(rows, slot, read_field);
        rows->dropped += rows->drop;
    } while (rows->drop && !rows->inputs_only && !inv_errors_full(rows->errors));
    return inv_errors_full(rows->errors) ? -1 : 1;
}

/* Without a header columns are numbers. */
static int numbered_column(struct inv_rows *rows, const char *name)
{
    char *end;
    long column = strtol(name, &end, 10);
    if (*name >= '0' && *name <= '9' && *end == 0 && column < rows->width)
        return (int)column;
    inv_error(rows->errors, "%s: has no header, so that its columns are 0 to %d, and not %s",
              rows->csv.stream.path, rows->width - 1, name);
    return -1;
}

int inv_table_column(struct inv_rows *rows, const char *name)
{
    const struct inv_header *h = &rows->header;
    int number = inv_names_find(&h->names, name);
    if (!h->cell)
        return numbered_column(rows, name);
    if (number >= 0 && !h->twice[number])
        return h->first[number];
    const char *near = number < 0 ? inv_suggest(name, (const char *const *)h->cell, rows->width)
                                  : NULL;
    inv_error(rows->errors, "%s: %s named \"%s\"%s%s%s", rows->csv.stream.path,
              number < 0 ? "no column is" : "two columns are", name,
              near ? "; did you mean \"" : "; correct the name or the header", near ? near : "",
              near ? "\"?" : "");
    return -1;
}

void inv_table_note_dropped(struct inv_errors *errors, const char *path, int64_t dropped,
                            int inputs_only)
{
    int one = dropped == 1;
    if (dropped)
        inv_note(errors, inputs_only ? "%s: %lld row%s with a missing cell %s no prediction"
                                     : "%s: %lld row%s with a missing cell %s left out",
                 path, (long long)dropped, one ? "" : "s",
                 inputs_only ? one ? "has" : "have" : one ? "is" : "are");
}

/* After an error nothing more is read. */
static int is_read_on(const struct inv_rows *rows)
{
    return rows->errors->count == 0 && !rows->lost;
}

void inv_table_close(struct inv_rows *rows, char (*hash)[65])
{
    if (rows->paths.count > rows->at)
        inv_table_end(rows, is_read_on(rows) ? rows->paths.hash[rows->at] : NULL);
    if (is_read_on(rows)) {
        if (hash)
            inv_paths_hash(&rows->paths, hash);
        inv_paths_append(rows->read, &rows->paths);
        inv_table_note_dropped(rows->errors, rows->paths.path[0], rows->dropped,
                               rows->inputs_only);
    }
    inv_paths_free(&rows->paths);
}

void inv_table_free(struct inv_rows *rows)
{
    for (int f = 0; rows->columns && f < rows->model->data.field_count; f++) {
        free(rows->columns[f].at);
        free(rows->columns[f].missing);
        inv_names_free(&rows->columns[f].label);
    }
    free(rows->columns);
    free(rows->named.path);
    free(rows->named.bytes);
    inv_names_free(&rows->na);
    rows->columns = NULL;
}
