/* The cells of a CSV file as values of fields. */
#include <stdlib.h>
#include <string.h>
#include "dataset.h"
#include "decimal.h"
#include "rows.h"
#include "suggest.h"
#include "variable.h"

int inv_table_reads(const struct inv_rows *rows, int f)
{
    const struct inv_field *field = &rows->model->data.field[f];
    return field->raw >= 0 && !(rows->inputs_only && field->label)
           && (rows->source == INV_MAIN || !field->key || field->key == INV_KEY_GROUP);
}

/* ---- cells ---- */

static void bad_cell(struct inv_rows *rows, int column, const char *what)
{
    const char *name = rows->header.cell ? rows->header.cell[column] : NULL;
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
    enum inv_decimal status = inv_decimal_to_i32(inv_csv_cell(&rows->csv, column), '.', to);
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

static void report_label(struct inv_rows *rows, int f, int column)
{
    const char *field = rows->model->data.field[f].name;
    const struct inv_names *label = &rows->columns[f].label;
    const char *near = inv_suggest(inv_csv_cell(&rows->csv, column),
                                   (const char *const *)label->name, label->count);
    char *what = near ? inv_text("is no label of field %s; did you mean \"%s\"?", field, near)
                 : rows->fitted->field[f].classes
                     ? inv_text("is no label of field %s: the training data had none of that name; "
                                "correct the cell or train again", field)
                     : inv_text("is no label of field %s; add it to class[...] in the model or "
                                "correct the cell", field);
    bad_cell(rows, column, what);
    free(what);
}

static void read_label(struct inv_rows *rows, int f, int column, int32_t *to)
{
    const char *cell = inv_csv_cell(&rows->csv, column);
    *to = inv_names_find(&rows->columns[f].label, cell);
    if (!*cell)
        bad_cell(rows, column, describe(INV_DECIMAL_EMPTY));
    else if (*to < 0)
        report_label(rows, f, column);
}

static void read_number(struct inv_rows *rows, int column, float *to)
{
    enum inv_decimal status = inv_decimal_to_f32(inv_csv_cell(&rows->csv, column), '.', to);
    if (status != INV_DECIMAL_OK)
        bad_cell(rows, column, describe(status));
}

/* A key keeps its text, whatever it is; that of a part must stand for one. */
static void read_key(struct inv_rows *rows, int f, int column, int32_t *to)
{
    const struct inv_field *field = &rows->model->data.field[f];
    struct inv_names *names = &rows->columns[f].label;
    int before = names->count;
    *to = inv_names_add(names, inv_csv_cell(&rows->csv, column));
    if (!*inv_csv_cell(&rows->csv, column))
        bad_cell(rows, column, describe(INV_DECIMAL_EMPTY));
    else if (*to == before && field->key == INV_KEY_PART
             && inv_dataset_part_of(&rows->model->data, names->name[*to]) < 0)
        bad_cell(rows, column, "names no part; say which value stands for which: part by "
                               "column(...) { val = \"dev\"  test = 3 }");
}

static void read_field(struct inv_rows *rows, int f, int64_t slot)
{
    const struct inv_field *field = &rows->model->data.field[f];
    const struct inv_variable *v = &rows->model->variable[field->raw];
    void *to = rows->arena + v->offset + (size_t)slot * inv_variable_bytes(v);
    for (int i = 0; i < rows->columns[f].count; i++) {
        int column = rows->columns[f].at[i];
        if (field->key)
            read_key(rows, f, column, (int32_t *)to + i);
        else if (field->text)
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
    const struct inv_dialect commas = { .delimiter = ',' };
    return inv_csv_open(&rows->csv, path, &commas, rows->errors) && inv_table_bind(rows);
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
        if (inv_table_reads(rows, f))
            read_field(rows, f, slot);
    return inv_errors_full(rows->errors) ? -1 : 1;
}

void inv_table_close(struct inv_rows *rows, unsigned char digest[32])
{
    inv_table_free_header(rows);
    inv_csv_close(&rows->csv, digest);
}

void inv_table_free(struct inv_rows *rows)
{
    for (int f = 0; rows->columns && f < rows->model->data.field_count; f++) {
        free(rows->columns[f].at);
        inv_names_free(&rows->columns[f].label);
    }
    free(rows->columns);
    rows->columns = NULL;
}
