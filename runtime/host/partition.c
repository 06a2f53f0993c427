/* Which part each row is in, and the order of rows: what a `split`, a column or a file says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dataset.h"
#include "decimal.h"
#include "split.h"

const char *inv_dataset_part_name(enum inv_part part)
{
    static const char *const name[] = { "train", "val", "test" };
    return name[part];
}

enum { POINT = '.' };                   /* of numbers in the model file */

struct partition {
    struct inv_dataset *data;
    int64_t rows;                       /* of the main source: those that are split */
    int32_t *order;                     /* of them */
    unsigned char *part;                /* of each */
};

int inv_dataset_part_of(const struct inv_data *d, const char *cell)
{
    int numeric = inv_decimal_is_number(cell, POINT);
    for (int p = 0; p < INV_PARTS; p++) {
        const char *value = d->part_value[p];
        if (value && (strcmp(value, cell) == 0
                      || (numeric && inv_decimal_is_number(value, POINT)
                          && inv_decimal_compare(value, cell, POINT) == 0)))
            return p;
    }
    return d->part_value[INV_PART_TRAIN] ? -1 : INV_PART_TRAIN;
}

/* ---- keys ---- */

/* The number of the key's text in each row, or NULL. */
static const int32_t *key_of(const struct inv_dataset *data, enum inv_key key)
{
    for (int f = 0; f < data->model->data.field_count; f++)
        if (data->model->data.field[f].key == key && data->value[f])
            return (const int32_t *)(const void *)data->value[f];
    return NULL;
}

/* Whole numbers of arrays become texts as cells are, so that there is one kind of key. */
static void name_numbers(struct inv_dataset *data, int f)
{
    struct inv_names *names = &data->key[data->model->data.field[f].key];
    int32_t *value = (int32_t *)(void *)data->value[f];
    char text[16];
    for (int64_t row = 0; row < data->rows; row++) {
        snprintf(text, sizeof text, "%d", value[row]);
        value[row] = inv_names_add(names, text);
    }
}

/* ---- the order before the split ---- */

struct item {
    const char *text;
    int32_t name;
    char point;                         /* decimal, of the file */
};

static int by_number(const void *a, const void *b)
{
    return inv_decimal_compare(((const struct item *)a)->text, ((const struct item *)b)->text,
                               ((const struct item *)a)->point);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(((const struct item *)a)->text, ((const struct item *)b)->text);
}

static char point_of(const struct inv_dataset *data)
{
    return data->model->data.decimal ? data->model->data.decimal : POINT;
}

/* Numbers go by their values, other texts by their bytes; one with the other have no order. */
static int (*choose_order(struct inv_dataset *data, const struct inv_names *names))
    (const void *, const void *)
{
    int numbers = 0, last[2] = { 0, 0 };
    for (int i = 0; i < names->count; i++) {
        int number = inv_decimal_is_number(names->name[i], point_of(data));
        numbers += number;
        last[number] = i;
    }
    if (numbers > 0 && numbers < names->count)
        inv_error(data->errors, "data %s: rows cannot be put in order: \"%.60s\" is a number and "
                  "\"%.60s\" is none; correct the column", data->model->data.name,
                  names->name[last[1]], names->name[last[0]]);
    return numbers ? by_number : by_bytes;
}

/* rank[i]: the place of text i among all; equal numbers share one. */
static int32_t *rank_names(struct inv_dataset *data)
{
    const struct inv_names *names = &data->key[INV_KEY_ORDER];
    int (*compare)(const void *, const void *) = choose_order(data, names);
    struct item *item = inv_allocate((size_t)(names->count + 1) * sizeof *item);
    int32_t *rank = inv_allocate((size_t)(names->count + 1) * sizeof *rank), next = 0;
    for (int i = 0; i < names->count; i++)
        item[i] = (struct item){ names->name[i], i, point_of(data) };
    /* invar-lint: allow unstable-sort because equals get one rank */
    qsort(item, (size_t)names->count, sizeof *item, compare);
    for (int i = 0; i < names->count; i++) {
        next += i > 0 && compare(&item[i - 1], &item[i]) != 0;
        rank[item[i].name] = next;
    }
    free(item);
    return rank;
}

/* Rows by rank, those of one rank as they stood: a counting sort. */
static void sort_rows(struct partition *p, const int32_t *key)
{
    int32_t *rank = rank_names(p->data), *at;
    int names = p->data->key[INV_KEY_ORDER].count;
    at = inv_allocate((size_t)(names + 2) * sizeof *at);
    for (int64_t i = 0; i < p->rows; i++)
        at[rank[key[i]] + 1]++;
    for (int r = 0; r < names; r++)
        at[r + 1] += at[r];
    for (int64_t i = 0; i < p->rows; i++)
        p->order[at[rank[key[i]]]++] = (int32_t)i;
    free(at);
    free(rank);
}

static void arrange(struct partition *p, const uint32_t key[2])
{
    const struct inv_data *d = &p->data->model->data;
    const int32_t *order = key_of(p->data, INV_KEY_ORDER);
    for (int64_t i = 0; i < p->rows; i++)
        p->order[i] = (int32_t)i;
    if (order)
        sort_rows(p, order);
    else if (d->shuffle)
        inv_split_permute(p->order, p->rows, 0, d->stream_split, key);
}

/* ---- the parts ---- */

static void assign_by_column(struct partition *p, const int32_t *key)
{
    const struct inv_names *names = &p->data->key[INV_KEY_PART];
    const struct inv_data *d = &p->data->model->data;
    int *of = inv_allocate((size_t)(names->count + 1) * sizeof *of);
    for (int i = 0; i < names->count; i++) {
        of[i] = inv_dataset_part_of(d, names->name[i]);
        if (of[i] < 0)
            inv_error(p->data->errors, "data %s: \"%.60s\" names no part; say which value stands "
                      "for which: part by ... { val = 1  test = 2 }", d->name, names->name[i]);
    }
    for (int64_t i = 0; i < p->rows; i++)
        p->part[i] = (unsigned char)of[key[i]];
    free(of);
}

/* No group may be in rows of two sources. */
static void check_torn(const struct partition *p, const int32_t *group)
{
    const struct inv_dataset *data = p->data;
    const struct inv_names *names = &data->key[INV_KEY_GROUP];
    char *source = inv_allocate((size_t)names->count + 1); /* + 1 of each group */
    int64_t row = 0, end = 0;
    int torn = 0;
    for (int s = 0; s < INV_SOURCES && !torn; s++) {
        for (end += data->count[s]; row < end && !torn; row++) {
            torn = source[group[row]] && source[group[row]] != s + 1;
            source[group[row]] = (char)(s + 1);
            if (torn)
                inv_error(data->errors, "data %s: group \"%.60s\" is torn: it has rows in the "
                          "files of part %s and elsewhere; take them out of one",
                          data->model->data.name, names->name[group[row]],
                          inv_dataset_part_name((enum inv_part)(s - INV_OF_TRAIN)));
        }
    }
    free(source);
}

/* A class that is in the data but not in the train part could not be learnt. */
static void check_strata(const struct partition *p, const int32_t *kind, int64_t classes)
{
    const struct inv_data *d = &p->data->model->data;
    int64_t *rows = inv_allocate((size_t)classes * 2 * sizeof *rows);
    for (int64_t i = 0; i < p->rows; i++) {
        rows[kind[i]]++;
        rows[classes + kind[i]] += p->part[i] == INV_PART_TRAIN;
    }
    for (int64_t c = 0; c < classes; c++)
        if (rows[c] > 0 && rows[classes + c] == 0 && d->source[INV_OF_TRAIN].file_count == 0)
            inv_error(p->data->errors, "data %s: class %lld of field %s has %lld row%s, and its "
                      "share for the train part is none; give the train part a larger share or "
                      "more rows of that class", d->name, (long long)c,
                      d->field[d->stratify].name, (long long)rows[c], rows[c] == 1 ? "" : "s");
    free(rows);
}

/* The class of each row, in new memory. */
static int32_t *kinds_of(const struct inv_dataset *data, int f)
{
    int32_t *kind = inv_allocate((size_t)data->rows * sizeof *kind);
    for (int64_t row = 0; row < data->rows; row++) {
        memcpy(&kind[row], inv_dataset_row(data, f, row), sizeof *kind);
        inv_row_map_pass(&data->map, row);
    }
    return kind;
}

static void assign_by_split(struct partition *p)
{
    const struct inv_dataset *data = p->data;
    const struct inv_data *d = &data->model->data;
    struct inv_split split = { { d->train_share, d->val_share, d->test_share }, d->fold,
                               d->folds };
    const int32_t *group = key_of(data, INV_KEY_GROUP);
    if (group) {
        inv_split_groups(&split, p->order, p->rows, group, data->key[INV_KEY_GROUP].count, p->part);
        check_torn(p, group);
        return;
    }
    int32_t *kind = d->stratify >= 0 ? kinds_of(data, d->stratify) : NULL;
    int64_t classes = kind ? data->model->variable[d->field[d->stratify].input].classes : 1;
    inv_split_strata(&split, p->order, p->rows, kind, (int32_t)classes, p->part);
    if (kind)
        check_strata(p, kind, classes);
    free(kind);
}

/* The rows of each part: those of the main source in their order, then those of its own files. */
static void gather_parts(struct partition *p)
{
    struct inv_dataset *data = p->data;
    int64_t own = p->rows, at = 0;
    data->order = inv_allocate((size_t)data->rows * sizeof *data->order);
    for (int part = 0; part < INV_PARTS; part++) {
        for (int64_t i = 0; i < p->rows; i++)
            if (p->part[p->order[i]] == part)
                data->order[at++] = p->order[i];
        for (int64_t i = 0; i < data->count[INV_OF_TRAIN + part]; i++)
            data->order[at++] = (int32_t)own++;
        data->begin[part + 1] = at;
    }
}

/* ---- windows ---- */

/* Windows of `window` rows whose parts are sought. */
struct windows {
    struct inv_dataset *data;
    int64_t window;
    unsigned char *part;                /* of each row that begins one, else INV_PARTS */
};

/* Rows from .. to - 1, which follow one another, are of that part. */
static void mark_windows(struct windows *w, int64_t from, int64_t to, int part)
{
    for (int64_t row = from; part == INV_PART_TRAIN && row < to; row++)
        w->data->learnt[w->data->learnt_count++] = (int32_t)row;
    for (int64_t row = from; row + w->window <= to; row += w->data->model->data.stride)
        w->part[row] = (unsigned char)part;
}

/* A stretch of rows of the main source: each part is a share of it, train first. */
static void cut_stretch(struct windows *w, int64_t from, int64_t to)
{
    const struct inv_data *d = &w->data->model->data;
    struct inv_split split = { .share = { d->train_share, d->val_share, d->test_share } };
    int64_t end[INV_PARTS], at = 0;
    inv_split_cut(&split, to - from, 0, end);
    for (int part = 0; part < INV_PARTS; at = end[part++])
        mark_windows(w, from + at, from + end[part], part);
}

/* The rows from .. to - 1 of a source are one file, or several groups. */
static void mark_file(struct windows *w, int source, int64_t from, int64_t to)
{
    const int32_t *group = w->data->whole ? NULL : key_of(w->data, INV_KEY_GROUP);
    while (from < to) {
        int64_t end = group ? from + 1 : to;
        while (end < to && group[end] == group[from])
            end++;
        if (w->data->whole)
            mark_windows(w, from, end, INV_PART_TEST);
        else if (source == INV_MAIN)
            cut_stretch(w, from, end);
        else
            mark_windows(w, from, end, source - INV_OF_TRAIN);
        from = end;
    }
}

/* Rows of a window of the fields that are read. */
static int64_t window_of(const struct inv_dataset *data)
{
    const struct inv_data *d = &data->model->data;
    int64_t window = 0;
    for (int f = 0; f < d->field_count; f++)
        if (!(data->inputs_only && d->field[f].label)
            && d->field[f].from + d->field[f].rows > window)
            window = d->field[f].from + d->field[f].rows;
    return window;
}

/* No window holds rows of two files, groups or parts. */
static void split_windows(struct inv_dataset *data)
{
    struct windows w = { .data = data, .window = window_of(data) };
    int64_t row = 0, at = 0;
    w.part = inv_allocate((size_t)data->rows);
    memset(w.part, INV_PARTS, (size_t)data->rows);
    data->learnt = inv_allocate((size_t)data->rows * sizeof *data->learnt);
    data->order = inv_allocate((size_t)data->rows * sizeof *data->order);
    for (int s = 0, next = 0; s < INV_SOURCES; s++)
        for (int64_t end = row + data->count[s], to; row < end; row = to) {
            while (next < data->stretch_count && data->stretch[next] <= row)
                next++;
            to = next < data->stretch_count ? data->stretch[next] : end;
            to = to < end ? to : end;
            mark_file(&w, s, row, to);
        }
    for (int part = 0; part < INV_PARTS; part++) {
        for (row = 0; row < data->rows; row++)
            if (w.part[row] == part)
                data->order[at++] = (int32_t)row;
        data->begin[part + 1] = at;
    }
    free(w.part);
    if (at == 0)
        inv_error(data->errors, "data %s: no window fits: it takes %lld rows that follow one "
                  "another, and there are %lld; take a shorter window or more data",
                  data->model->data.name, (long long)w.window, (long long)data->rows);
}

static void split_rows(struct inv_dataset *data, const uint32_t key[2])
{
    struct partition p = { .data = data, .rows = data->count[INV_MAIN] };
    p.order = inv_allocate((size_t)p.rows * sizeof *p.order);
    p.part = inv_allocate((size_t)p.rows);
    arrange(&p, key);
    const int32_t *part = key_of(data, INV_KEY_PART);
    if (part)
        assign_by_column(&p, part);
    else
        assign_by_split(&p);
    gather_parts(&p);
    data->learnt = data->order;
    data->learnt_count = data->begin[INV_PART_TRAIN + 1];
    free(p.order);
    free(p.part);
}

void inv_dataset_split(struct inv_dataset *data, const uint32_t key[2])
{
    const struct inv_data *d = &data->model->data;
    for (int f = 0; f < d->field_count && d->kind != INV_CSV; f++)
        if (d->field[f].key && data->value[f])
            name_numbers(data, f);
    if (d->window > 0)
        split_windows(data);
    else
        split_rows(data, key);
    for (int f = 0; f < d->field_count; f++)
        if (d->field[f].key) {
            free(data->value[f]);
            data->value[f] = NULL;
        }
}
