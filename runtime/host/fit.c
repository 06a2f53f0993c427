/* Statistics of fields, from the training rows.
 *
 * The cells of one statistic are those of all training rows that it belongs to: where its shape has
 * n elements, cell e of a row belongs to statistic e mod n (the shapes align at their last axes).
 * The mean is the exact one, rounded (core/exact.h); the deviation is the square root of the exact
 * mean of the squares of x - mean, in a second pass; a deviation or range of zero counts as 1. */
#include <float.h>
#include <stdlib.h>
#include <string.h>
#include "core/arith.h"
#include "core/exact.h"
#include "missing.h"
#include "variable.h"

struct fit {
    const struct inv_dataset *data;
    int field;
    int64_t cells, statistics;          /* of a row; of the field */
    float *a, *b;                       /* mean and deviation, or low and range */
    int64_t *sum;                       /* INV_EXACT_WORDS for each statistic */
    const float *fill;                  /* what missing cells count as, or NULL */
    const unsigned char *learnt;        /* of each row: whether the statistics are of it */
    struct inv_run *run;                /* rows that are decoded go there; ... */
    int64_t *first;                     /* ... that of the batch at hand, or -1 */
};

static const unsigned char *decoded_row(const struct fit *fit, int64_t row)
{
    const struct inv_model *model = fit->data->model;
    const struct inv_variable *v = inv_variable_single(model, &model->data.field[fit->field]);
    if (*fit->first < 0 || row < *fit->first || row >= *fit->first + model->batch) {
        inv_dataset_decode(fit->data, fit->run, row);
        *fit->first = row;
    }
    return fit->run->arena + v->offset + (size_t)(row - *fit->first) * inv_variable_bytes(v);
}

static const float *row_of(const struct fit *fit, int64_t row)
{
    const unsigned char *at = inv_dataset_row(fit->data, fit->field, row);
    return (const float *)(const void *)(at ? at : decoded_row(fit, row));
}

static float cell_of(const struct fit *fit, const float *row, int64_t e)
{
    return fit->fill && row[e] != row[e] ? fit->fill[e] : row[e];
}

/* The first row from `row` on that statistics are of, or the number of rows.  No statistic depends
 * on the order of rows, so they are walked as they lie. */
static int64_t find_row(const struct fit *fit, int64_t row)
{
    while (row < fit->data->rows && !fit->learnt[row])
        row++;
    return row;
}

static int64_t next_row(const struct fit *fit, int64_t row)
{
    inv_row_map_pass(&fit->data->map, row);
    return find_row(fit, row + 1);
}

static void add_cell(const struct fit *fit, int64_t s, float x, int squares)
{
    int64_t *sum = fit->sum + s * INV_EXACT_WORDS;
    if (squares)
        inv_exact_add_square(sum, inv_exact_away(x, fit->a[s], fit->b[s]));
    else
        inv_exact_add(sum, x, 1);
}

/* The sums of the cells, or of the squares of their distance from the mean a + b. */
static void add_rows(const struct fit *fit, int squares)
{
    memset(fit->sum, 0, (size_t)(fit->statistics * INV_EXACT_WORDS) * sizeof *fit->sum);
    for (int64_t row = find_row(fit, 0); row < fit->data->rows; row = next_row(fit, row)) {
        const float *x = row_of(fit, row);
        for (int64_t e = 0; e < fit->cells; e += fit->statistics)
            for (int64_t s = 0; s < fit->statistics; s++)
                add_cell(fit, s, cell_of(fit, x, e + s), squares);
    }
}

static int varies(const struct fit *fit, int64_t s)
{
    int64_t row = find_row(fit, 0);
    float first = cell_of(fit, row_of(fit, row), s);
    for (; row < fit->data->rows; row = next_row(fit, row))
        for (int64_t e = s; e < fit->cells; e += fit->statistics)
            if (cell_of(fit, row_of(fit, row), e) != first)
                return 1;
    return 0;
}

/* The mean of the squares of distances must lie within binary32. */
static void check_squares(const struct fit *fit, int64_t s, float squares)
{
    const struct inv_data *d = &fit->data->model->data;
    const struct inv_fitted *fitted = &fit->data->fitted;
    const struct inv_fitted_field *own = fitted->field ? &fitted->field[fit->field] : NULL;
    int small = squares < 0x1p-126f && varies(fit, s);
    if (!small && !(squares > FLT_MAX))
        return;
    inv_error(fit->data->errors, "field %s: the numbers of %s lie too %s 0 for zscore, which "
              "squares them in binary32: bring them nearer to 1 first, as in column(...) %s",
              d->field[fit->field].name, own && s < own->columns ? own->column[s] : "a column",
              small ? "near to" : "far from", small ? "* 1e20 -> zscore" : "/ 1e20 -> zscore");
}

static void fit_zscore(const struct fit *fit)
{
    int64_t count = fit->data->learnt_count * (fit->cells / fit->statistics);
    add_rows(fit, 0);
    for (int64_t s = 0; s < fit->statistics; s++)
        inv_exact_centre(fit->sum + s * INV_EXACT_WORDS, count, &fit->a[s], &fit->b[s]);
    add_rows(fit, 1);
    for (int64_t s = 0; s < fit->statistics; s++) {
        float squares = inv_exact_mean(fit->sum + s * INV_EXACT_WORDS, 1, count);
        check_squares(fit, s, squares);
        fit->b[s] = squares == 0.0f ? 1.0f : inv_sqrt(squares);
    }
}

static void fit_minmax(const struct fit *fit)
{
    int64_t row = find_row(fit, 0);
    for (int64_t s = 0; s < fit->statistics; s++)
        fit->a[s] = fit->b[s] = cell_of(fit, row_of(fit, row), s);
    for (; row < fit->data->rows; row = next_row(fit, row)) {
        const float *x = row_of(fit, row);
        for (int64_t e = 0; e < fit->cells; e++) {
            int64_t s = e % fit->statistics;
            fit->a[s] = inv_min(fit->a[s], cell_of(fit, x, e));
            fit->b[s] = inv_max(fit->b[s], cell_of(fit, x, e));
        }
    }
    for (int64_t s = 0; s < fit->statistics; s++) {
        fit->b[s] = inv_sub(fit->b[s], fit->a[s]);
        if (fit->b[s] == 0.0f)
            fit->b[s] = 1.0f;
    }
}

static unsigned char *mark_learnt(const struct inv_dataset *data)
{
    unsigned char *learnt = inv_allocate((size_t)data->rows);
    for (int64_t i = 0; i < data->learnt_count; i++)
        learnt[data->learnt[i]] = 1;
    return learnt;
}

int inv_dataset_fit(const struct inv_dataset *data, struct inv_run *run)
{
    unsigned char *arena = run->arena;
    int64_t first = -1;
    int before = data->errors->count;
    const struct inv_model *model = data->model;
    unsigned char *learnt = mark_learnt(data);
    for (int f = 0; f < model->data.field_count; f++) {
        const struct inv_field *field = &model->data.field[f];
        if (field->fit == INV_FIT_NONE)
            continue;
        const struct inv_variable *a = &model->variable[field->fit_a];
        struct fit fit = { .data = data, .field = f, .learnt = learnt,
            .run = run, .first = &first,
            .fill = inv_missing_statistics(data, f, arena),
            .cells = inv_variable_elements(inv_variable_single(model, field)),
            .statistics = inv_variable_elements(a),
            .a = (float *)(void *)(arena + a->offset),
            .b = (float *)(void *)(arena + model->variable[field->fit_b].offset) };
        fit.sum = inv_allocate((size_t)(fit.statistics * INV_EXACT_WORDS) * sizeof *fit.sum);
        if (field->fit == INV_FIT_ZSCORE)
            fit_zscore(&fit);
        else
            fit_minmax(&fit);
        free(fit.sum);
    }
    free(learnt);
    return data->errors->count == before;
}
