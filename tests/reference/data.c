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

/* Whole numbers of an array are keys as texts are. */
static void keep_number_key(struct program *p, struct field *f)
{
    char text[16];
    if (!f->key || strcmp(p->data_kind, "csv") == 0 || p->reading != 0)
        return;
    int size = snprintf(text, sizeof text, "%d", *(int32_t *)p->variable[f->raw].data);
    int i = append(&f->row_text, &f->row_texts, sizeof *f->row_text);
    f->row_text[i] = copy_text(text, (size_t)size);
}

static void keep_holes(const struct program *p, int64_t row)
{
    for (int i = 0; i < p->field_count; i++)
        for (int64_t e = 0; p->field[i].missing >= FILL_MEAN && e < p->field[i].elements; e++)
            if (p->field[i].hole[e])
                ((float *)(void *)p->field[i].row)[row * p->field[i].elements + e] = NAN;
}

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
        keep_number_key(p, f);
        if (!p->phase[PHASE_PREPARE])
            memcpy(p->variable[f->input].data, p->variable[f->raw].data, row_bytes(f));
    }
    graph_run(p->phase[PHASE_PREPARE], l->at, NULL, 0, NULL);
    keep_row(l->at, 0, l->rows++);
    keep_holes(p, l->rows - 1);
}

/* ---- the split ---- */

/* The key's texts of the rows that are split, or NULL. */
static char **key_of(const struct program *p, int key)
{
    for (int i = 0; i < p->field_count; i++)
        if (p->field[i].key == key)
            return p->field[i].row_text;
    return NULL;
}

static bool is_number(const char *text)
{
    char *end;
    strtod(text, &end);
    return end > text && *end == '\0';
}

static int compare_keys(char *const *key, int64_t rows, int32_t a, int32_t b)
{
    bool numbers = true;
    for (int64_t i = 0; i < rows && numbers; i++)
        numbers = is_number(key[i]);
    if (!numbers)
        return strcmp(key[a], key[b]);
    double x = strtod(key[a], NULL), y = strtod(key[b], NULL);
    return (x > y) - (x < y);
}

/* An insertion sort: equal keys keep the order of the file. */
static void sort_by_key(int32_t *order, int64_t rows, char *const *key)
{
    for (int64_t i = 1; i < rows; i++) {
        int32_t row = order[i];
        int64_t at = i;
        for (; at > 0 && compare_keys(key, rows, order[at - 1], row) > 0; at--)
            order[at] = order[at - 1];
        order[at] = row;
    }
}

static void arrange(const struct moment *at, int32_t *order, int64_t rows)
{
    const struct program *p = at->program;
    char path[512];
    for (int64_t i = 0; i < rows; i++)
        order[i] = (int32_t)i;
    if (key_of(p, 3))
        sort_by_key(order, rows, key_of(p, 3));
    if (p->data_shuffle) {
        snprintf(path, sizeof path, "data/%s/split", p->data_name);
        permute(order, rows, at->key, 0, stream_of(path));
    }
}

/* n * share of hundred-millionths, down or to the nearest. */
static int64_t end_of(int64_t n, int64_t share, bool nearest)
{
    int64_t rest = n * share % 100000000, down = n * share / 100000000;
    return down + (nearest && rest >= 50000000);
}

static int64_t share_of(const struct program *p, int part)
{
    return (int64_t)(p->share[part] * 1e8 + 0.5);
}

static int part_at(const struct program *p, int64_t place, int64_t n, bool nearest, int64_t unit)
{
    int64_t before_test = share_of(p, 0) + share_of(p, 1);
    if (p->folds && place < end_of(n, 100000000 - share_of(p, 2), nearest))
        return unit % p->folds == p->fold ? 1 : 0;
    if (p->folds)
        return 2;
    return place < end_of(n, share_of(p, 0), nearest) ? 0
           : place < end_of(n, before_test, nearest)  ? 1
                                                      : 2;
}

static int32_t class_of_row(const struct program *p, int32_t row)
{
    const struct field *f = &p->field[p->stratify];
    int32_t class;
    memcpy(&class, f->row + (size_t)row * row_bytes(f), sizeof class);
    return class;
}

/* Of the row at place i of the order. */
static int part_by_class(const struct program *p, const int32_t *order, int64_t rows, int64_t i)
{
    int32_t class = class_of_row(p, order[i]);
    int64_t place = 0, n = 0, lower = 0;
    for (int64_t k = 0; k < rows; k++) {
        place += k < i && class_of_row(p, order[k]) == class;
        n += class_of_row(p, order[k]) == class;
    }
    for (int32_t c = 0; c < class; c++) {
        int64_t of_c = 0;
        for (int64_t k = 0; k < rows; k++)
            of_c += class_of_row(p, order[k]) == c;
        lower += end_of(of_c, 100000000 - share_of(p, 2), true);
    }
    return part_at(p, place, n, true, place + lower);
}

static int part_by_group(const struct program *p, const int32_t *order, int64_t rows, int64_t i)
{
    char *const *key = key_of(p, 2);
    int64_t first = 0, place = 0, unit = 0;
    while (strcmp(key[order[first]], key[order[i]]) != 0)
        first++;
    for (int64_t k = 0; k < rows; k++) {
        int64_t own = 0;
        while (strcmp(key[order[own]], key[order[k]]) != 0)
            own++;
        place += own < first;
        unit += own == k && k < first;
    }
    return part_at(p, place, rows, false, unit);
}

static int part_by_column(const struct program *p, const char *cell)
{
    for (int part = 0; part < 3; part++) {
        const char *value = p->part_value[part];
        if (*value && (strcmp(value, cell) == 0 || (is_number(value) && is_number(cell)
                                                    && strtod(value, NULL) == strtod(cell, NULL))))
            return part;
    }
    return 0;
}

static int part_of(const struct program *p, const int32_t *order, int64_t rows, int64_t i)
{
    if (key_of(p, 1))
        return part_by_column(p, key_of(p, 1)[order[i]]);
    if (key_of(p, 2))
        return part_by_group(p, order, rows, i);
    if (p->stratify >= 0)
        return part_by_class(p, order, rows, i);
    return part_at(p, i, rows, false, i);
}

/* end[s]: the rows before the end of source s. */
static void split(struct data *d, const struct moment *at, const int64_t end[4])
{
    const struct program *p = at->program;
    int32_t *order = allocate(end[0] + 1, sizeof *order), *part = allocate(end[0] + 1, 4);
    d->order = allocate(d->rows, sizeof *d->order);
    arrange(at, order, end[0]);
    for (int64_t i = 0; i < end[0]; i++)
        part[i] = part_of(p, order, end[0], i);
    for (int k = 0; k < 3; k++) {
        int64_t n = d->begin[k];
        for (int64_t i = 0; i < end[0]; i++)
            if (part[i] == k)
                d->order[n++] = order[i];
        for (int64_t row = end[k]; row < end[k + 1]; row++)
            d->order[n++] = (int32_t)row;
        d->begin[k + 1] = n;
    }
    free(order);
    free(part);
}

static void read_files(struct loading *l, const struct source *source, const char *folder)
{
    struct program *p = l->at->program;
    if (strcmp(p->data_kind, "csv") != 0)
        arrays_read(p, source->first, folder, take_row, l);
    else
        for (int i = 0; i < source->count; i++)
            table_read(p, &p->file[source->first + i], folder, take_row, l);
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
        p->reading = i;
        if (p->source[i].count > 0)
            read_files(&l, &p->source[i], folder);
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
    struct exact sum = {0}, squares = {0};
    for (int64_t i = 0; i < count; i++)
        exact_add(&sum, cell[i], 1);
    *mean = exact_mean(&sum, count);
    exact_add(&sum, -*mean, count);
    float rest = exact_mean(&sum, count);
    for (int64_t i = 0; i < count; i++) {
        float away = cell[i] - *mean, back = away - cell[i];
        float error = (cell[i] - (away - back)) - (*mean + back);
        float x = away + (error - rest), square = x * x;
        exact_add(&squares, square, 1);
        exact_add(&squares, fmaf(x, x, -square), 1);
    }
    *deviation = sqrtf(exact_mean(&squares, count));
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

static void balance(const struct data *d, const struct moment *at, const struct field *f)
{
    float *weight = at->program->variable[f->balance].data;
    int64_t classes = at->program->variable[f->input].classes, n = d->begin[1] * f->elements;
    for (int64_t c = 0; c < classes; c++) {
        int64_t of_c = 0;
        for (int64_t i = 0; i < n; i++) {
            int32_t class;
            memcpy(&class, f->row + (size_t)d->order[i / f->elements] * row_bytes(f)
                               + i % f->elements * 4, sizeof class);
            of_c += class == c;
        }
        weight[c] = (float)n / ((float)classes * (float)of_c);
    }
}

void data_fit(const struct data *d, struct moment *at)
{
    for (int i = 0; i < at->program->field_count; i++)
        if (at->program->field[i].balance >= 0)
            balance(d, at, &at->program->field[i]);
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
