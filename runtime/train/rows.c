/* Rows of a library that trains: host/rows.h, of arrays that its caller has, not of files. */
#include "host/rows.h"
#include <stdlib.h>
#include <string.h>
#include "core/arith.h"
#include "host/cell.h"
#include "host/dataset.h"
#include "host/variable.h"
#include "train/train.h"

/* ---- whose rows ---- */

/* The number of the source among those that have files. */
static int part_of(const struct inv_rows *rows)
{
    int part = 0;
    for (int s = 0; s < (int)rows->source; s++)
        part += rows->model->data.source[s].file_count > 0;
    return part;
}

static int64_t count_rows(const struct inv_rows *rows)
{
    return rows->arrays->rows[part_of(rows)];
}

static const unsigned char *cells_of(const struct inv_rows *rows, int f)
{
    return rows->arrays->cells[part_of(rows) * rows->model->data.field_count + f];
}

/* Of a part with rows of its own. */
static const char *const part_name[] = { "", " of train", " of val", " of test" };

/* "row 5", or "row 5 of test", in new memory. */
static char *place_of(const struct inv_rows *rows, int64_t row)
{
    return inv_text("row %lld%s", (long long)row, part_name[rows->source]);
}

/* The number, among all rows given, of the one at hand. */
static int64_t row_at_hand(const struct inv_rows *rows)
{
    return rows->row + rows->dropped;
}

/* ---- names ---- */

static int count_names(const char *const *name)
{
    int count = 0;
    while (name && name[count])
        count++;
    return count;
}

/* As a reader of files leaves them: in byte order, each once. */
static void keep_classes(struct inv_rows *rows, int f)
{
    const struct inv_field *field = &rows->model->data.field[f];
    const char *const *name = rows->arrays->names[f];
    int64_t classes = inv_cell_classes(rows->model, field);
    int count = count_names(name), sorted = 1;
    struct inv_names names = { .count = 0 };
    for (int i = 0; i < count; i++) {
        sorted &= i == 0 || strcmp(name[i - 1], name[i]) < 0;
        inv_names_add(&names, name[i]);
    }
    if (count != classes)
        inv_error(rows->errors, "field %s is class[%lld] of texts, and %d names of classes are "
                  "given; give all of them", field->name, (long long)classes, count);
    else if (!sorted)
        inv_error(rows->errors, "the names of the classes of field %s must be in byte order, each "
                  "once: class 0 is the first", field->name);
    else
        inv_fitted_keep(&rows->fitted->field[f], &names);
    inv_names_free(&names);
}

static const char *last_of(const struct inv_range *range)
{
    return range->last_name ? range->last_name : range->first_name;
}

/* Columns that were given in another order, or others, have other names at the ends. */
static int has_ends(const struct inv_field *field, const char *const *name, int64_t columns)
{
    return strcmp(name[0], field->range[0].first_name) == 0 &&
           strcmp(name[columns - 1], last_of(&field->range[field->range_count - 1])) == 0;
}

/* Of columns that a table finds by their names, so that it does with these weights, too. */
static void keep_columns(struct inv_rows *rows, int f)
{
    const struct inv_field *field = &rows->model->data.field[f];
    struct inv_fitted_field *fitted = &rows->fitted->field[f];
    int64_t columns = inv_cell_columns(rows->model, field);
    int named = inv_cell_columns_named(rows->model, field);
    const char *const *name = rows->arrays->names[f];
    if (!named && field->text) {
        inv_error(rows->errors, "field %s takes texts of %lld columns, of which the model file "
                  "names the first and the last alone; name each of them there", field->name,
                  (long long)columns);
    } else if (!named && count_names(name) != columns) {
        inv_error(rows->errors, "field %s has %lld columns, of which the model file names the "
                  "first and the last alone, and %d names are given; give those of all",
                  field->name, (long long)columns, count_names(name));
    } else if (!named && !has_ends(field, name, columns)) {
        inv_error(rows->errors, "field %s has columns from '%s' to '%s' in the model file, and "
                  "those given go from '%s' to '%s'; give them in that order", field->name,
                  field->range[0].first_name, last_of(&field->range[field->range_count - 1]),
                  name[0], name[columns - 1]);
    } else {
        fitted->columns = (int)columns;
        fitted->column = inv_allocate((size_t)columns * sizeof *fitted->column);
        for (int i = 0; i < columns; i++)
            fitted->column[i] = inv_copy_text(named ? field->range[i].first_name : name[i]);
    }
}

/* Once, for all parts. */
static void keep_names(struct inv_rows *rows)
{
    const struct inv_data *d = &rows->model->data;
    for (int f = 0; f < d->field_count; f++) {
        const struct inv_field *field = &d->field[f];
        const struct inv_fitted_field *fitted = &rows->fitted->field[f];
        if (field->text && field->class_count == 0 && fitted->classes == 0)
            keep_classes(rows, f);
        if (field->range_count > 0 && field->range[0].first < 0 && fitted->columns == 0)
            keep_columns(rows, f);
    }
}

/* ---- cells ---- */

static void bad_cell(struct inv_rows *rows, int f, int64_t element, const char *what)
{
    const struct inv_field *field = &rows->model->data.field[f];
    char *place = place_of(rows, row_at_hand(rows));
    char *which = inv_fitted_element(rows->fitted, f, field->name, element,
                                     inv_cell_columns(rows->model, field));
    inv_error(rows->errors, "%s: %s %s", place, which, what);
    free(place);
    free(which);
}

static void put_missing(struct inv_rows *rows, int f, int64_t element, float *cell,
                        unsigned char *mark)
{
    const struct inv_field *field = &rows->model->data.field[f];
    *cell = field->missing == INV_MISSING_VALUE ? field->missing_value : 0;
    if (field->missing == INV_MISSING_ERROR)
        bad_cell(rows, f, element, "is not a number; say in the model file what becomes of those: "
                 "missing = drop, mean, median or a number, or leave the row out");
    rows->drop |= field->missing == INV_MISSING_DROP;
    if (mark)
        *mark = 1;
}

static void put_reals(struct inv_rows *rows, int f, float *cell, int64_t count,
                      unsigned char *mark)
{
    for (int64_t i = 0; i < count; i++) {
        if (mark)
            mark[i] = 0;
        if (inv_is_nan(cell[i]))
            put_missing(rows, f, i, &cell[i], mark ? mark + i : NULL);
        else if (!inv_is_finite(cell[i]))
            bad_cell(rows, f, i, "is not finite; correct it or leave the row out");
    }
}

static void check_classes(struct inv_rows *rows, int f, const int32_t *cell, int64_t count)
{
    int64_t classes = inv_cell_classes(rows->model, &rows->model->data.field[f]);
    for (int64_t i = 0; classes > 0 && i < count; i++) {
        if (cell[i] >= 0 && cell[i] < classes)
            continue;
        char *what = inv_text("is %d, which is no class from 0 to %lld", cell[i],
                              (long long)classes - 1);
        bad_cell(rows, f, i, what);
        free(what);
        return;
    }
}

static void put_field(struct inv_rows *rows, int f, int64_t slot)
{
    const struct inv_variable *v = &rows->model->variable[rows->model->data.field[f].raw];
    size_t bytes = inv_variable_bytes(v);
    int64_t count = inv_variable_elements(v);
    unsigned char *to = rows->arena + v->offset + (size_t)slot * bytes;
    unsigned char *mark = rows->columns[f].missing;
    memcpy(to, cells_of(rows, f) + (size_t)row_at_hand(rows) * bytes, bytes);
    if (v->dtype == INV_F32)
        put_reals(rows, f, (float *)(void *)to, count, mark ? mark + slot * count : NULL);
    else
        check_classes(rows, f, (const int32_t *)(const void *)to, count);
}

/* ---- host/rows.h ---- */

static void make_columns(struct inv_rows *rows)
{
    const struct inv_data *d = &rows->model->data;
    rows->columns = inv_allocate((size_t)d->field_count * sizeof *rows->columns);
    for (int f = 0; f < d->field_count; f++)
        if (d->field[f].raw >= 0 && d->field[f].missing >= INV_MISSING_MEAN)
            rows->columns[f].missing = inv_allocate(
                (size_t)(rows->model->batch *
                         inv_variable_elements(&rows->model->variable[d->field[f].raw])));
}

static void check_arrays(struct inv_rows *rows)
{
    int64_t count = count_rows(rows);
    if (count < 1 || count > INT32_MAX)
        inv_error(rows->errors, "%lld rows%s are given; 1 to %d expected", (long long)count,
                  part_name[rows->source], INT32_MAX);
    for (int f = 0; f < rows->model->data.field_count; f++)
        if (inv_cell_is_read(rows, f) && !cells_of(rows, f))
            inv_error(rows->errors, "field %s is given no array", rows->model->data.field[f].name);
}

int inv_rows_open(struct inv_rows *rows)
{
    int before = rows->errors->count;
    if (!rows->columns)
        make_columns(rows);
    rows->dropped = 0;
    check_arrays(rows);
    keep_names(rows);
    return rows->errors->count == before;
}

int inv_rows_next(struct inv_rows *rows, int64_t slot)
{
    do {
        if (row_at_hand(rows) == count_rows(rows))
            return 0;
        rows->drop = 0;
        inv_cell_each_field(rows, slot, put_field);
        rows->dropped += rows->drop;
    } while (rows->drop && !inv_errors_full(rows->errors));
    rows->row++;
    return inv_errors_full(rows->errors) ? -1 : 1;
}

int inv_rows_column(struct inv_rows *rows, const char *name)
{
    inv_error(rows->errors, "%s: arrays have no columns to keep", name);
    return -1;
}

const char *inv_rows_cell(const struct inv_rows *rows, int column)
{
    (void)rows, (void)column;
    return "";
}

struct inv_place inv_rows_here(const struct inv_rows *rows)
{
    return (struct inv_place){ .line = row_at_hand(rows) - 1 };
}

char *inv_rows_place(const struct inv_rows *rows, int64_t row, struct inv_place place)
{
    (void)row;
    return place_of(rows, place.line);
}

/* SHA-256 of the arrays of the part, end to end, stands for each of its files. */
static void hash_arrays(const struct inv_rows *rows, char hash[65])
{
    const struct inv_model *model = rows->model;
    struct inv_sha256 sha;
    unsigned char digest[32];
    inv_sha256_init(&sha);
    for (int f = 0; f < model->data.field_count; f++)
        if (inv_cell_is_read(rows, f))
            inv_sha256_update(&sha, cells_of(rows, f), (size_t)count_rows(rows) *
                              inv_variable_bytes(&model->variable[model->data.field[f].raw]));
    inv_sha256_final(&sha, digest);
    inv_sha256_hex(digest, hash);
}

void inv_rows_close(struct inv_rows *rows, char (*hash)[65])
{
    const struct inv_source *source = &rows->model->data.source[rows->source];
    char own[65];
    if (!hash || rows->errors->count > 0 || rows->lost)
        return;
    hash_arrays(rows, own);
    for (int i = 0; i < source->file_count; i++)
        memcpy(hash[source->first_file + i], own, sizeof own);
    inv_table_note_dropped(rows->errors, "the arrays", rows->dropped, 0);
}

/* ---- what else readers of files do ---- */

void inv_table_note_dropped(struct inv_errors *errors, const char *path, int64_t dropped,
                            int inputs_only)
{
    (void)inputs_only;
    if (dropped)
        inv_note(errors, "%s: %lld row%s with a missing cell left out", path, (long long)dropped,
                 dropped == 1 ? "" : "s");
}

void inv_table_free(struct inv_rows *rows)
{
    for (int f = 0; rows->columns && f < rows->model->data.field_count; f++)
        free(rows->columns[f].missing);
    free(rows->columns);
    rows->columns = NULL;
}
