/* The data set: docs/numerics.md, section 6. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "reference.h"

/* ---- rows ---- */

static size_t row_bytes(const struct field *f)
{
    return (size_t)f->elements * 4;
}

static struct variable *sample_of(const struct program *p)
{
    for (int i = 0; i < p->variable_count; i++)
        if (p->variable[i].kind == KIND_SAMPLE)
            return &p->variable[i];
    die("the program has no sample numbers");
}

static void keep_row(const struct moment *at, int64_t slot, int64_t row)
{
    for (int i = 0; i < at->program->field_count; i++) {
        struct field *f = &at->program->field[i];
        const unsigned char *from = at->program->variable[f->input].data;
        memcpy(f->row + (size_t)row * row_bytes(f), from + (size_t)slot * row_bytes(f),
               row_bytes(f));
    }
}

void data_gather(struct moment *at, const int32_t *row, int64_t count)
{
    struct program *p = at->program;
    memcpy(sample_of(p)->data, row, (size_t)count * sizeof *row);
    for (int i = 0; i < p->field_count; i++) {
        struct field *f = &p->field[i];
        unsigned char *to = p->variable[f->input].data;
        for (int64_t slot = 0; slot < count; slot++)
            memcpy(to + (size_t)slot * row_bytes(f), f->row + (size_t)row[slot] * row_bytes(f),
                   row_bytes(f));
    }
    at->rows = count;
}

/* ---- loading: rows are prepared one at a time, which must not matter ---- */

struct loading {
    struct moment *at;
    int64_t rows;
};

static void take_row(void *state)
{
    struct loading *l = state;
    struct program *p = l->at->program;
    *(int32_t *)sample_of(p)->data = (int32_t)l->rows;
    l->at->rows = 1;
    for (int i = 0; i < p->field_count; i++) {
        struct field *f = &p->field[i];
        f->row = realloc(f->row, (size_t)(l->rows + 1) * row_bytes(f));
        if (!f->row)
            die("out of memory");
        if (!p->phase[PHASE_PREPARE])
            memcpy(p->variable[f->input].data, p->variable[f->raw].data, row_bytes(f));
    }
    graph_run(p->phase[PHASE_PREPARE], l->at, NULL, 0, NULL);
    keep_row(l->at, 0, l->rows++);
}

/* end[s]: the rows before the end of source s. */
static void split(struct data *d, const struct moment *at, const int64_t end[4])
{
    const struct program *p = at->program;
    char path[512];
    int32_t *main_row = allocate(end[0] + 1, sizeof *main_row);
    d->order = allocate(d->rows, sizeof *d->order);
    for (int64_t i = 0; i < end[0]; i++)
        main_row[i] = (int32_t)i;
    if (p->data_shuffle) {
        snprintf(path, sizeof path, "data/%s/split", p->data_name);
        permute(main_row, end[0], at->key, 0, stream_of(path));
    }
    int64_t share = 0, cut = 0;
    for (int part = 0; part < 3; part++) {
        int64_t n = d->begin[part];
        share += (int64_t)(p->share[part] * 1e8 + 0.5);
        for (; cut < end[0] * share / 100000000; cut++)
            d->order[n++] = main_row[cut];
        for (int64_t row = end[part]; row < end[part + 1]; row++)
            d->order[n++] = (int32_t)row;
        d->begin[part + 1] = n;
    }
    free(main_row);
}

static void read_files(struct loading *l, int first, const char *folder)
{
    struct program *p = l->at->program;
    if (strcmp(p->data_kind, "csv") == 0)
        table_read(p, &p->file[first], folder, take_row, l);
    else
        arrays_read(p, first, folder, take_row, l);
}

void data_load(struct data *d, struct moment *at, const char *folder)
{
    struct program *p = at->program;
    struct moment here = {.program = p};
    struct loading l = {.at = &here};
    int64_t end[4];
    uint64_t seed = p->has_data_seed ? p->data_seed : (uint64_t)at->key[1] << 32 | at->key[0];
    here.key[0] = (uint32_t)seed;
    here.key[1] = (uint32_t)(seed >> 32);
    for (int i = 0; i < p->field_count; i++)
        p->field[i].elements = shape_count(&p->variable[p->field[i].input].shape, 1);
    if (strcmp(p->data_kind, "random") == 0)
        while (l.rows < p->data_rows)
            take_row(&l);
    for (int i = 0; i < 4; i++) {
        if (p->source[i].count > 0)
            read_files(&l, p->source[i].first, folder);
        end[i] = l.rows;
    }
    d->rows = l.rows;
    split(d, &here, end);
}

/* ---- normalisation ---- */

/* The cells that statistic s of a field sees, in order: of training rows, by the split. */
static float *cells_of(const struct data *d, const struct field *f, int64_t statistics, int64_t s,
                       int64_t *count)
{
    int64_t rows = d->begin[1], each = f->elements / statistics;
    float *cell = allocate(rows * each, sizeof *cell);
    for (int64_t r = 0; r < rows; r++) {
        const float *row = (const float *)(const void *)(f->row + (size_t)d->order[r] *
                                                         row_bytes(f));
        for (int64_t i = 0; i < each; i++)
            cell[r * each + i] = row[i * statistics + s];
    }
    *count = rows * each;
    return cell;
}

static void fit_zscore(float *cell, int64_t count, float *mean, float *deviation)
{
    *mean = column_sum(cell, 1, count) / (float)count;
    for (int64_t i = 0; i < count; i++) {
        float away = cell[i] - *mean;
        cell[i] = away * away;
    }
    *deviation = sqrtf(column_sum(cell, 1, count) / (float)count);
    if (*deviation == 0.0f)
        *deviation = 1.0f;
}

static void fit_minmax(const float *cell, int64_t count, float *low, float *range)
{
    float high = cell[0];
    *low = cell[0];
    for (int64_t i = 0; i < count; i++) {
        *low = minimum(*low, cell[i]);
        high = maximum(high, cell[i]);
    }
    *range = high - *low;
    if (*range == 0.0f)
        *range = 1.0f;
}

void data_fit(const struct data *d, struct moment *at)
{
    for (int i = 0; i < at->program->field_count; i++) {
        const struct field *f = &at->program->field[i];
        if (strcmp(f->fit, "none") == 0)
            continue;
        const struct variable *v = &at->program->variable[f->fit_a];
        float *a = v->data, *b = at->program->variable[f->fit_b].data;
        int64_t statistics = shape_count(&v->shape, 1), count;
        for (int64_t s = 0; s < statistics; s++) {
            float *cell = cells_of(d, f, statistics, s, &count);
            if (strcmp(f->fit, "zscore") == 0)
                fit_zscore(cell, count, a + s, b + s);
            else
                fit_minmax(cell, count, a + s, b + s);
            free(cell);
        }
    }
}

void data_normalise(const struct data *d, struct moment *at)
{
    if (!at->program->phase[PHASE_NORMALISE])
        return;
    for (int32_t row = 0; row < d->rows; row++) {
        data_gather(at, &row, 1);
        graph_run(at->program->phase[PHASE_NORMALISE], at, NULL, 0, NULL);
        keep_row(at, 0, row);
    }
}
