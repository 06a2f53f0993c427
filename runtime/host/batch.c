#include "batch.h"
#include <stdlib.h>
#include <string.h>
#include "core/arith.h"
#include "device.h"
#include "variable.h"

static void run_phase(const struct inv_model *model, struct inv_run *run, enum inv_phase phase)
{
    run->step = run->epoch = 0;
    run->first_row = 0;
    inv_device_phase(model, run, phase);
}

static int32_t *samples_of(const struct inv_model *model, const struct inv_run *run)
{
    return (int32_t *)(void *)(run->arena + model->variable[model->sample].offset);
}

static void copy_cells(const struct inv_model *model, struct inv_run *run)
{
    for (int f = 0; f < model->data.field_count; f++) {
        const struct inv_field *field = &model->data.field[f];
        const struct inv_variable *input = inv_variable_single(model, field);
        if (field->raw >= 0)
            memmove(run->arena + input->offset,
                    inv_batch_cells(model, run, &model->variable[field->raw]),
                    (size_t)run->rows * inv_variable_bytes(input));
    }
}

/* Of the rows whose numbers and cells are there. */
static void prepare(const struct inv_model *model, struct inv_run *run, int64_t count)
{
    run->rows = run->batch = count;
    run->first_row = 0;
    if (model->phase[INV_PREPARE])
        run_phase(model, run, INV_PREPARE);
    else
        copy_cells(model, run);
}

void inv_batch_prepare(const struct inv_model *model, struct inv_run *run, int64_t first,
                       int64_t count)
{
    int32_t *sample = samples_of(model, run);
    for (int64_t i = 0; i < count; i++)
        sample[i] = (int32_t)(uint32_t)(first + i);
    prepare(model, run, count);
}

void inv_batch_prepare_rows(const struct inv_model *model, struct inv_run *run, const int32_t *row,
                            int64_t count)
{
    int32_t step = run->step, epoch = run->epoch;
    memcpy(samples_of(model, run), row, (size_t)count * sizeof *row);
    prepare(model, run, count);
    run->step = step;
    run->epoch = epoch;
}

void inv_batch_normalise(const struct inv_model *model, struct inv_run *run)
{
    run_phase(model, run, INV_NORMALISE);
}

/* ---- what the model must not see ---- */

static const unsigned char *row_of(const struct inv_variable *v, const struct inv_run *run,
                                   int64_t slot)
{
    return run->arena + v->offset + (size_t)slot * inv_variable_bytes(v);
}

/* The first bad element of a row, or -1. */
static int64_t find_bad(const struct inv_variable *v, const unsigned char *row)
{
    int64_t count = inv_variable_elements(v);
    for (int64_t i = 0; i < count; i++) {
        float real;
        int32_t whole;
        memcpy(&real, row + i * 4, sizeof real);
        memcpy(&whole, row + i * 4, sizeof whole);
        if (v->dtype == INV_F32 ? !inv_is_finite(real)
                                : v->classes > 0 && (whole < 0 || whole >= v->classes))
            return i;
    }
    return -1;
}

/* The same for a field: a weight below 0 is bad, too. */
static int64_t find_bad_of(const struct inv_field *field, const struct inv_variable *v,
                           const unsigned char *row)
{
    float weight = 0;
    if (field->weight)
        memcpy(&weight, row, sizeof weight);
    return weight < 0 ? 0 : find_bad(v, row);
}

/* The whole-number cells of a row of field f, one for each of its elements; NULL where it has none
 * such. */
static const int32_t *cells_of(const struct inv_model *model, const struct inv_run *run, int f,
                               int64_t slot)
{
    const struct inv_field *field = &model->data.field[f];
    const struct inv_variable *v = field->raw < 0 ? NULL : &model->variable[field->raw];
    if (!v || v->dtype != INV_I32 ||
        inv_variable_bytes(v) != inv_variable_bytes(inv_variable_single(model, field)))
        return NULL;
    return (const int32_t *)(const void *)row_of(v, run, slot);
}

/* Reports the bad element of field f; cell: the row's cells, or NULL where they are not at hand.
 * Frees place. */
static void report(const struct inv_model *model, const struct inv_run *run,
                   struct inv_errors *errors, int f, int64_t slot, int64_t bad,
                   const int32_t *cell, char *place)
{
    const struct inv_field *field = &model->data.field[f];
    const struct inv_variable *v = inv_variable_single(model, field);
    int32_t whole;
    memcpy(&whole, row_of(v, run, slot) + bad * 4, sizeof whole);
    char *of = cell ? inv_text(" of cell %d", cell[bad]) : inv_copy_text("");
    if (field->weight && whole < 0)
        inv_error(errors, "%s: the weight %s of the row is negative; weights are 0 or more", place,
                  field->name);
    else if (v->dtype == INV_F32)
        inv_error(errors, "%s: element %lld of field %s is not finite once the model's expression "
                  "has been applied; correct the data or the expression", place, (long long)bad,
                  field->name);
    else
        inv_error(errors, "%s: element %lld of field %s is no class from 0 to %lld: '%s' makes "
                  "%d%s; correct the expression or the data", place, (long long)bad, field->name,
                  (long long)v->classes - 1, field->expression ? field->expression : "the cell",
                  whole, of);
    free(of);
    free(place);
}

void inv_batch_check(const struct inv_model *model, const struct inv_run *run,
                     const struct inv_batch_check *check)
{
    for (int f = 0; f < model->data.field_count; f++) {
        const struct inv_variable *v = inv_variable_single(model, &model->data.field[f]);
        for (int64_t i = 0; i < run->rows; i++) {
            int64_t bad = check->inputs_only && model->data.field[f].label
                              ? -1 : find_bad_of(&model->data.field[f], v, row_of(v, run, i));
            if (bad >= 0)
                report(model, run, check->errors, f, i, bad,
                       check->cells ? cells_of(model, run, f, i) : NULL,
                       check->place(check->state, i));
        }
    }
}
