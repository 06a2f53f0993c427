/* Statistics for missing cells, one for each element of a row, from the rows of the train part that
 * have a value there, in split order.
 *
 * mean = (s + c) / (f32)count, where s is the sum in that order from +0 and c the sum of what each
 * addition rounds off (two-sum: Knuth, The Art of Computer Programming, volume 2, 4.2.2), in f32.
 * median = the middle value in ascending order; of an even number a / 2 + b / 2 of the two. */
#include "cell.h"
#include "missing.h"
#include <stdlib.h>
#include <string.h>
#include "core/arith.h"
#include "variable.h"

enum { HALVES = 1 << 16 };            /* values of the upper or lower 16 bits */

static int fills(const struct inv_dataset *data, int f)
{
    return data->model->data.field[f].missing >= INV_MISSING_MEAN;
}

static float *row_of(const struct inv_dataset *data, int f, int64_t row)
{
    return (float *)(void *)inv_dataset_row(data, f, row);
}

const float *inv_missing_statistics(const struct inv_dataset *data, int f,
                                    const unsigned char *arena)
{
    int fill = data->model->data.field[f].fill;
    return fills(data, f) ? (const float *)(const void *)(arena +
                                                          data->model->variable[fill].offset)
                          : NULL;
}

/* Puts `value`, or where that is NULL the statistic of the element. */
static void put(const struct inv_rows *rows, const struct inv_run *run, const float *value)
{
    const struct inv_model *model = rows->model;
    for (int f = 0; rows->columns && f < model->data.field_count; f++) {
        const struct inv_field *field = &model->data.field[f];
        const struct inv_variable *v = inv_variable_single(model, field);
        int64_t width = inv_variable_elements(v);
        float *x = (float *)(void *)(run->arena + v->offset);
        if (field->missing < INV_MISSING_MEAN || !inv_cell_is_read(rows, f))
            continue;
        const float *statistic =
            (const float *)(const void *)(run->arena + model->variable[field->fill].offset);
        for (int64_t i = 0; i < run->rows * width; i++)
            if (rows->columns[f].missing[i])
                x[i] = value ? *value : statistic[i % width];
    }
}

void inv_missing_put(const struct inv_rows *rows, const struct inv_run *run, float value)
{
    put(rows, run, &value);
}

void inv_missing_put_statistics(const struct inv_rows *rows, const struct inv_run *run)
{
    put(rows, run, NULL);
}

/* An element of a row that a statistic is wanted of. */
struct element {
    int field;
    int64_t at;
};

static int64_t width_of(const struct inv_dataset *data, int f)
{
    return fills(data, f) ? (int64_t)data->bytes[f] / 4 : 0;
}

/* All of them, in new memory. */
static struct element *find_elements(const struct inv_dataset *data, int64_t *count)
{
    int fields = data->model->data.field_count;
    *count = 0;
    for (int f = 0; f < fields; f++)
        *count += width_of(data, f);
    struct element *all = inv_allocate((size_t)(*count + 1) * sizeof *all), *next = all;
    for (int f = 0; f < fields; f++)
        for (int64_t at = 0; at < width_of(data, f); at++)
            *next++ = (struct element){ f, at };
    return all;
}

/* What the train part has, as it is collected: rows are walked as they lie, and the values of each
 * element kept in split order. */
struct collected {
    int32_t *place;                     /* of each row in the train part, from 1; 0: elsewhere */
    float *value;                       /* learnt_count of each element */
    int64_t most;                       /* elements that are collected in one walk */
};

static struct collected begin_collecting(const struct inv_dataset *data, int64_t elements)
{
    int64_t rows = data->learnt_count > 0 ? data->learnt_count : 1;
    int64_t most = inv_dataset_rows_memory(data) / (rows * (int64_t)sizeof(float));
    most = most < 1 ? 1 : most < elements ? most : elements;
    struct collected c = { .most = most,
                           .value = inv_allocate((size_t)(most * rows) * sizeof(float)),
                           .place = inv_allocate((size_t)data->rows * sizeof(int32_t)) };
    for (int64_t i = 0; i < data->learnt_count; i++)
        c.place[data->learnt[i]] = (int32_t)i + 1;
    return c;
}

/* The values of c->most elements at most. */
static void collect(const struct inv_dataset *data, const struct element *e, int64_t count,
                    const struct collected *c)
{
    for (int64_t row = 0; row < data->rows; row++) {
        for (int64_t i = 0; c->place[row] && i < count; i++)
            c->value[i * data->learnt_count + c->place[row] - 1] =
                row_of(data, e[i].field, row)[e[i].at];
        inv_row_map_pass(&data->map, row);
    }
}

/* Those that are not missing move up; their number. */
static int64_t pack(float *value, int64_t count)
{
    int64_t there = 0;
    for (int64_t i = 0; i < count; i++)
        if (value[i] == value[i])
            value[there++] = value[i];
    return there;
}

static float mean_of(const float *value, int64_t count)
{
    float sum = 0, lost = 0;
    for (int64_t i = 0; i < count; i++) {
        float total = inv_add(sum, value[i]), part = inv_sub(total, sum);
        float off = inv_add(inv_sub(sum, inv_sub(total, part)), inv_sub(value[i], part));
        lost = inv_add(lost, off);
        sum = total;
    }
    return inv_div(inv_add(sum, lost), (float)count);
}

/* Numbers in the order of the floats, of which none is NaN. */
static uint32_t order_of(float x)
{
    uint32_t bits = inv_bits(x);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

/* The first half h of a number, of those that begin with `begin` (where it is not negative), up to
 * which there are more than *rank; *rank becomes the rank among those of that half. */
static uint32_t find_half(const float *value, int64_t count, int64_t begin, int64_t *rank,
                          int64_t *held)
{
    uint32_t half = 0;
    memset(held, 0, HALVES * sizeof *held);
    for (int64_t i = 0; i < count; i++) {
        uint32_t order = order_of(value[i]);
        if (begin < 0)
            held[order >> 16]++;
        else
            held[order & 0xffff] += order >> 16 == (uint32_t)begin;
    }
    for (; *rank >= held[half]; half++)
        *rank -= held[half];
    return half;
}

/* The value of that rank, from 0, in ascending order: by counting, high halves first. */
static float value_of_rank(const float *value, int64_t count, int64_t rank, int64_t *held)
{
    uint32_t high = find_half(value, count, -1, &rank, held);
    uint32_t order = high << 16 | find_half(value, count, high, &rank, held);
    return inv_from_bits(order & 0x80000000u ? order & 0x7fffffffu : ~order);
}

static float median_of(const float *value, int64_t count)
{
    int64_t *held = inv_allocate(HALVES * sizeof *held);
    float low = value_of_rank(value, count, (count - 1) / 2, held);
    float high = value_of_rank(value, count, count / 2, held);
    free(held);
    return count % 2 ? inv_add(high, 0.0f) : inv_add(inv_mul(low, 0.5f), inv_mul(high, 0.5f));
}

static int fit_element(const struct inv_dataset *data, const struct element *e, float *value,
                       unsigned char *arena)
{
    const struct inv_field *field = &data->model->data.field[e->field];
    float *statistic = (float *)(void *)(arena + data->model->variable[field->fill].offset);
    int mean = field->missing == INV_MISSING_MEAN;
    int64_t count = pack(value, data->learnt_count);
    if (count > 0)
        statistic[e->at] = mean ? mean_of(value, count) : median_of(value, count);
    else
        inv_error(data->errors, "%s: element %lld of field %s has no value in any row of the "
                  "train part, so there is no %s to fill in; leave its column out, or give a "
                  "number", data->model->data.name, (long long)e->at, field->name,
                  mean ? "mean" : "median");
    return count > 0;
}

int inv_missing_fit(const struct inv_dataset *data, unsigned char *arena)
{
    int64_t elements;
    struct element *e = find_elements(data, &elements);
    struct collected c = { .value = NULL };
    int good = 1;
    if (elements > 0)
        c = begin_collecting(data, elements);
    for (int64_t first = 0; first < elements; first += c.most) {
        int64_t left = elements - first, count = left < c.most ? left : c.most;
        collect(data, e + first, count, &c);
        for (int64_t i = 0; i < count; i++)
            good &= fit_element(data, e + first + i, c.value + i * data->learnt_count, arena);
    }
    free(c.value);
    free(c.place);
    free(e);
    return good;
}

static void fill_row(float *x, const float *statistic, int64_t width)
{
    for (int64_t e = 0; e < width; e++)
        if (x[e] != x[e])
            x[e] = statistic[e];
}

void inv_missing_fill(const struct inv_dataset *data, const unsigned char *arena)
{
    for (int f = 0; !inv_dataset_is_raw(data) && f < data->model->data.field_count; f++) {
        const float *statistic = inv_missing_statistics(data, f, arena);
        for (int64_t row = 0; statistic && row < data->rows; row++)
            fill_row(row_of(data, f, row), statistic, (int64_t)data->bytes[f] / 4);
    }
}

void inv_missing_fill_batch(const struct inv_dataset *data, const struct inv_run *run)
{
    for (int f = 0; f < data->model->data.field_count; f++) {
        const float *statistic = inv_missing_statistics(data, f, run->arena - run->aside);
        const struct inv_variable *v = inv_variable_single(data->model,
                                                           &data->model->data.field[f]);
        float *x = (float *)(void *)(run->arena + v->offset);
        int64_t width = (int64_t)data->bytes[f] / 4;
        for (int64_t row = 0; statistic && row < run->rows; row++)
            fill_row(x + row * width, statistic, width);
    }
}
