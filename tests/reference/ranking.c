/* Totals of cases in the order of their scores: docs/numerics.md, section 5. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "reference.h"

struct scored { float score, mark; };

/* A variable's values of the batch behind those of the `rows` before it. */
static void append_rows(float **to, const struct variable *v, int64_t rows, int64_t more)
{
    int64_t row = shape_count(&v->shape, 1);
    *to = realloc(*to, (size_t)((rows + more) * row) * sizeof **to);
    if (!*to)
        die("out of memory");
    memcpy(*to + rows * row, v->data, (size_t)(more * row) * sizeof **to);
}

void ranking_add(struct program *p, int64_t rows, int64_t more)
{
    for (int i = 0; i < p->ranking_count; i++) {
        struct ranking *r = &p->ranking[i];
        append_rows(&r->scores, &p->variable[r->score], rows, more);
        append_rows(&r->marks, &p->variable[r->mark], rows, more);
    }
}

/* By falling score, then by falling mark. */
static int compare(const void *left, const void *right)
{
    const struct scored *a = left, *b = right;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return (a->mark < b->mark) - (a->mark > b->mark);
}

static float roc_area(const struct scored *scored, int64_t count)
{
    double t = 0, f = 0, area = 0, t_last = 0, f_last = 0;
    for (int64_t i = 0; i < count; i++) {
        if (scored[i].mark > 0)
            t = t + (double)scored[i].mark;
        else
            f = f - (double)scored[i].mark;
        if (i + 1 < count && scored[i + 1].score == scored[i].score)
            continue;
        double width = f - f_last, height = t + t_last, piece = width * height;
        area = area + piece;
        t_last = t;
        f_last = f;
    }
    return t > 0 && f > 0 ? (float)(area / (2 * t * f)) : NAN;
}

static float average_precision(const struct scored *scored, int64_t count)
{
    double t = 0, f = 0, sum = 0, t_last = 0;
    for (int64_t i = 0; i < count; i++) {
        if (scored[i].mark > 0)
            t = t + (double)scored[i].mark;
        else
            f = f - (double)scored[i].mark;
        if (i + 1 < count && scored[i + 1].score == scored[i].score)
            continue;
        double precision = t / (t + f), piece = (t - t_last) * precision;
        sum = sum + piece;
        t_last = t;
    }
    return t > 0 ? (float)(sum / t) : NAN;
}

static float total_of(const struct ranking *r, int64_t count, int64_t column, int64_t columns)
{
    struct scored *scored = allocate(count / columns + 1, sizeof *scored);
    int64_t taken = 0;
    bool unknown = false;
    for (int64_t i = column; i < count; i += columns) {
        if (r->marks[i] == 0)
            continue;
        unknown = unknown || isnan(r->scores[i]);
        scored[taken++] = (struct scored){r->scores[i], r->marks[i]};
    }
    if (!unknown)
        qsort(scored, (size_t)taken, sizeof *scored, compare);
    float total = unknown ? NAN : (r->roc ? roc_area : average_precision)(scored, taken);
    free(scored);
    return total;
}

void ranking_end(struct program *p, int64_t rows)
{
    for (int i = 0; i < p->ranking_count; i++) {
        const struct ranking *r = &p->ranking[i];
        const struct variable *total = &p->variable[r->total];
        int64_t columns = shape_count(&total->shape, 1);
        int64_t count = rows * shape_count(&p->variable[r->score].shape, 1);
        for (int64_t c = 0; c < columns; c++)
            ((float *)total->data)[c] = total_of(r, count, c, columns);
    }
}
