#include "answer.h"
#include <stdlib.h>
#include <string.h>
#include "batch.h"
#include "core/arith.h"
#include "device.h"
#include "variable.h"

/* ---- what goes in and comes out ---- */

int inv_answer_input(const struct inv_model *model, int *at)
{
    while (*at < model->data.field_count) {
        int f = (*at)++;
        if (!model->data.field[f].label)
            return f;
    }
    return -1;
}

const struct inv_variable *inv_answer_cells(const struct inv_model *model, int field)
{
    const struct inv_field *f = &model->data.field[field];
    return f->raw >= 0 ? &model->variable[f->raw] : inv_variable_single(model, f);
}

const struct inv_variable *inv_answer_output(const struct inv_model *model, int *at)
{
    while (*at < model->variable_count) {
        int i = (*at)++;
        const struct inv_generate *text = model->generate;
        if (model->variable[i].kind == INV_OUTPUT && !(text && text->output == i))
            return &model->variable[i];
    }
    return NULL;
}

/* ---- cells ---- */

static int fills(const struct inv_field *field)
{
    return field->missing == INV_MISSING_MEAN || field->missing == INV_MISSING_MEDIAN;
}

void inv_answer_begin(struct inv_answer *a)
{
    const struct inv_data *d = &a->model->data;
    a->missing = inv_allocate((size_t)(d->field_count + 1) * sizeof *a->missing);
    for (int f = 0; f < d->field_count; f++)
        if (fills(&d->field[f]))
            a->missing[f] = inv_allocate((size_t)(a->model->batch *
                                         inv_variable_elements(inv_answer_cells(a->model, f))));
}

void inv_answer_end(struct inv_answer *a)
{
    for (int f = 0; a->missing && f < a->model->data.field_count; f++)
        free(a->missing[f]);
    free(a->missing);
}

/* "row 5: element 2 of size WHAT"; 0. */
static int bad_element(struct inv_answer *a, int f, int64_t row, int64_t element, const char *what)
{
    char *which = inv_fitted_element(a->fitted, f, a->model->data.field[f].name, element,
                                     inv_variable_elements(inv_answer_cells(a->model, f)));
    inv_error(a->errors, "row %lld: %s %s", (long long)row, which, what);
    free(which);
    return 0;
}

/* What a cell without a value counts as; 0 after an error. */
static int put_missing(struct inv_answer *a, int f, float *cell, int64_t row, int64_t element)
{
    const struct inv_field *field = &a->model->data.field[f];
    if (field->missing == INV_MISSING_VALUE || fills(field)) {
        *cell = field->missing == INV_MISSING_VALUE ? field->missing_value : 0;
        return 1;
    }
    return bad_element(a, f, row, element, "is not a number; the model says nothing of missing "
                       "cells that could be predicted from: give a number");
}

static int put_reals(struct inv_answer *a, int f, float *cell, int64_t width, int64_t first,
                     int64_t rows)
{
    for (int64_t i = 0; i < rows * width; i++) {
        int missing = inv_is_nan(cell[i]);
        if (a->missing[f])
            a->missing[f][i] = (unsigned char)missing;
        if (missing && !put_missing(a, f, &cell[i], first + i / width, i % width))
            return 0;
        if (inv_is_finite(cell[i]))
            continue;
        return bad_element(a, f, first + i / width, i % width, "is not finite; give a number");
    }
    return 1;
}

static int check_classes(struct inv_answer *a, int f, const int32_t *cell, int64_t width,
                         int64_t first, int64_t rows)
{
    int64_t classes = inv_answer_cells(a->model, f)->classes;
    for (int64_t i = 0; classes > 0 && i < rows * width; i++) {
        if (cell[i] >= 0 && cell[i] < classes)
            continue;
        char *what = inv_text("is %d, which is no class from 0 to %lld", cell[i],
                              (long long)classes - 1);
        bad_element(a, f, first + i / width, i % width, what);
        free(what);
        return 0;
    }
    return 1;
}

int inv_answer_put(struct inv_answer *a, int field, const void *cells, int64_t first, int64_t rows)
{
    const struct inv_variable *v = inv_answer_cells(a->model, field);
    unsigned char *to = a->run.arena + v->offset;
    int64_t width = inv_variable_elements(v);
    memcpy(to, cells, (size_t)rows * inv_variable_bytes(v));
    return v->dtype == INV_F32
               ? put_reals(a, field, (float *)(void *)to, width, first, rows)
               : check_classes(a, field, (const int32_t *)(const void *)to, width, first, rows);
}

/* ---- rows ---- */

/* Elements that are missing get that value, or the statistics of their field. */
static void fill_missing(struct inv_answer *a, const float *value)
{
    for (int f = 0; f < a->model->data.field_count; f++) {
        const struct inv_field *field = &a->model->data.field[f];
        if (!a->missing[f] || field->label)
            continue;
        const struct inv_variable *v = inv_variable_single(a->model, field);
        float *x = inv_variable_f32(a->run.arena, v);
        const float *statistic =
            inv_variable_f32(a->run.arena, &a->model->variable[field->fill]);
        int64_t width = inv_variable_elements(v);
        for (int64_t i = 0; i < a->run.rows * width; i++)
            if (a->missing[f][i])
                x[i] = value ? *value : statistic[i % width];
    }
}

struct asked { int64_t first; };

static char *place(const void *state, int64_t slot)
{
    const struct asked *asked = state;
    return inv_text("row %lld", (long long)(asked->first + slot));
}

static int check(struct inv_answer *a, int64_t first, int cells)
{
    int before = a->errors->count;
    struct asked asked = { first };
    inv_batch_check(a->model, &a->run, &(struct inv_batch_check){ .errors = a->errors,
        .inputs_only = 1, .cells = cells, .place = place, .state = &asked });
    return a->errors->count == before;
}

int inv_answer_run(struct inv_answer *a, int64_t first, int64_t rows)
{
    float zero = 0;
    inv_batch_prepare(a->model, &a->run, 0, rows);
    fill_missing(a, &zero);
    if (!check(a, first, 1))
        return 0;
    fill_missing(a, NULL);
    if (a->model->phase[INV_NORMALISE])
        inv_batch_normalise(a->model, &a->run);
    if (!check(a, first, 0))
        return 0;
    inv_device_phase(a->model, &a->run, INV_PREDICT);
    return 1;
}
