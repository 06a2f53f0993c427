/* Statistics of fields, from the training rows.
 *
 * The cells of one statistic form one sequence: rows in split order, within a row ascending.  Where
 * the statistic's shape has n elements, cell e of a row belongs to statistic e mod n (the shapes
 * align at their last axes).  mean = column sum / (f32)count, chains of 256 from +0, the chains
 * added ascending from +0; the deviation is the square root of the mean of (x - mean)^2, summed
 * in a second pass by the same rule; a deviation or range of zero counts as 1. */
#include <stdlib.h>
#include <string.h>
#include "core/arith.h"
#include "dataset.h"
#include "variable.h"

enum { CHUNK = 256 };

struct fit {
    const struct inv_dataset *data;
    int field;
    int64_t cells, statistics;          /* of a row; of the field */
    float *a, *b;                       /* mean and deviation, or low and range */
    float *chain;
};

static const float *row_of(const struct fit *fit, int64_t row)
{
    const struct inv_dataset *data = fit->data;
    return (const float *)(const void *)(data->value[fit->field] + (size_t)data->order[row] *
                                         data->bytes[fit->field]);
}

static void end_chains(const struct fit *fit, float *sum)
{
    for (int64_t s = 0; s < fit->statistics; s++) {
        sum[s] = inv_add(sum[s], fit->chain[s]);
        fit->chain[s] = 0.0f;
    }
}

/* Takes one cell x[s], or (x[s] - mean[s])^2, into each statistic's chain. */
static void add_cells(const struct fit *fit, const float *x, const float *mean)
{
    for (int64_t s = 0; s < fit->statistics; s++) {
        float away = mean ? inv_sub(x[s], mean[s]) : 0.0f;
        fit->chain[s] = inv_add(fit->chain[s], mean ? inv_mul(away, away) : x[s]);
    }
}

/* sum[s] = the column sum of x, or of (x - mean[s])^2 where mean is given. */
static void column_sums(const struct fit *fit, const float *mean, float *sum)
{
    int64_t rows = fit->data->begin[1], place = 0;
    memset(sum, 0, (size_t)fit->statistics * sizeof *sum);
    memset(fit->chain, 0, (size_t)fit->statistics * sizeof *sum);
    for (int64_t row = 0; row < rows; row++) {
        const float *x = row_of(fit, row);
        for (int64_t e = 0; e < fit->cells; e += fit->statistics, place++) {
            if (place > 0 && place % CHUNK == 0)
                end_chains(fit, sum);
            add_cells(fit, x + e, mean);
        }
    }
    end_chains(fit, sum);
}

static void fit_zscore(const struct fit *fit)
{
    float count = (float)(fit->data->begin[1] * (fit->cells / fit->statistics));
    column_sums(fit, NULL, fit->a);
    for (int64_t s = 0; s < fit->statistics; s++)
        fit->a[s] = inv_div(fit->a[s], count);
    column_sums(fit, fit->a, fit->b);
    for (int64_t s = 0; s < fit->statistics; s++) {
        fit->b[s] = inv_sqrt(inv_div(fit->b[s], count));
        if (fit->b[s] == 0.0f)
            fit->b[s] = 1.0f;
    }
}

static void fit_minmax(const struct fit *fit)
{
    memcpy(fit->a, row_of(fit, 0), (size_t)fit->statistics * sizeof *fit->a);
    memcpy(fit->b, row_of(fit, 0), (size_t)fit->statistics * sizeof *fit->b);
    for (int64_t row = 0; row < fit->data->begin[1]; row++) {
        const float *x = row_of(fit, row);
        for (int64_t e = 0; e < fit->cells; e++) {
            int64_t s = e % fit->statistics;
            fit->a[s] = inv_min(fit->a[s], x[e]);
            fit->b[s] = inv_max(fit->b[s], x[e]);
        }
    }
    for (int64_t s = 0; s < fit->statistics; s++) {
        fit->b[s] = inv_sub(fit->b[s], fit->a[s]);
        if (fit->b[s] == 0.0f)
            fit->b[s] = 1.0f;
    }
}

void inv_dataset_fit(const struct inv_dataset *data, unsigned char *arena)
{
    const struct inv_model *model = data->model;
    for (int f = 0; f < model->data.field_count; f++) {
        const struct inv_field *field = &model->data.field[f];
        if (field->fit == INV_FIT_NONE)
            continue;
        const struct inv_variable *a = &model->variable[field->fit_a];
        struct fit fit = { .data = data, .field = f,
            .cells = inv_variable_elements(&model->variable[field->input]),
            .statistics = inv_variable_elements(a),
            .a = (float *)(void *)(arena + a->offset),
            .b = (float *)(void *)(arena + model->variable[field->fit_b].offset) };
        fit.chain = inv_allocate((size_t)fit.statistics * sizeof *fit.chain);
        if (field->fit == INV_FIT_ZSCORE)
            fit_zscore(&fit);
        else
            fit_minmax(&fit);
        free(fit.chain);
    }
}
