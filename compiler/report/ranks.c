/* Curves of scores: receiver operating characteristic, calibration. */
#include <stdlib.h>
#include "report/chart.h"
#include "report/html.h"
#include "report/scores.h"

enum { BINS = 15 };                     /* as calibration_error of the library */

struct ranked {
    float score;
    int hit;
};

/* From the highest score down. */
static int by_score(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return x->score > y->score ? -1 : x->score < y->score;
}

static struct ranked *rank(struct arena *arena, const struct scores *s, int class, int64_t *hits)
{
    struct ranked *list = ARENA_ARRAY(arena, struct ranked, s->rows);
    int wanted = s->classes == 1 ? 1 : class;
    *hits = 0;
    for (int64_t i = 0; i < s->rows; i++) {
        list[i] = (struct ranked){s->score[i * s->classes + class], s->truth[i] == wanted};
        *hits += list[i].hit;
    }
    qsort(list, (size_t)s->rows, sizeof *list, by_score);
    return list;
}

/* A point behind each run of equal scores: shares of the false and of the true cases that score at
 * least that; the area is that of the trapezes below. */
static struct curve curve_of(struct arena *arena, const struct scores *s, int class)
{
    int64_t hits, tp = 0, fp = 0;
    const struct ranked *list = rank(arena, s, class, &hits);
    double *x = ARENA_ARRAY(arena, double, s->rows + 1);
    double *y = ARENA_ARRAY(arena, double, s->rows + 1);
    double area = 0;
    int count = 1;
    for (int64_t i = 0; i < s->rows; i++) {
        tp += list[i].hit;
        fp += !list[i].hit;
        if (i + 1 < s->rows && list[i + 1].score == list[i].score)
            continue;
        x[count] = (double)fp / (double)(s->rows - hits);
        y[count] = (double)tp / (double)hits;
        area += (x[count] - x[count - 1]) * (y[count] + y[count - 1]) / 2;
        count++;
    }
    bool known = hits > 0 && hits < s->rows;
    return (struct curve){.label = arena_printf(arena, "%s, area %s", s->name[class],
                                                html_number(arena, area)),
                          .x = x, .y = y, .count = known ? count : 0};
}

static void add_curve(struct arena *arena, struct chart *chart, struct curve curve)
{
    int others = CHART_COLOURS - 1;     /* the last colour is that of the diagonal */
    curve.colour = chart->curve_count % others;
    curve.dash = chart->curve_count / others % 2;
    ARENA_PUSH(arena, chart->curve, chart->curve_count, chart->curve_room) = curve;
}

static void add_diagonal(struct arena *arena, struct chart *chart, const char *label)
{
    static const double ends[] = {0, 1};
    ARENA_PUSH(arena, chart->curve, chart->curve_count, chart->curve_room) = (struct curve){
        .label = label, .colour = CHART_COLOURS - 1, .dash = 2, .x = ends, .y = ends, .count = 2};
}

/* Probability of what is guessed, in equal bins that include their upper end, beside the share of
 * hits: of one score each row has two guesses of which the likelier counts. */
static struct curve calibration(struct arena *arena, const struct scores *s)
{
    double sum[BINS] = {0}, hit[BINS] = {0}, *x = ARENA_ARRAY(arena, double, BINS);
    double *y = ARENA_ARRAY(arena, double, BINS);
    int64_t rows[BINS] = {0}, *there = ARENA_ARRAY(arena, int64_t, BINS);
    int count = 0;
    for (int64_t i = 0; i < s->rows; i++) {
        const float *p = s->score + i * s->classes;
        int guess = 0;
        for (int c = 1; c < s->classes; c++)
            guess = p[c] > p[guess] ? c : guess;
        double best = p[guess];
        if (s->classes == 1 && (guess = best >= 0.5) == 0)
            best = 1 - best;
        int bin = (int)(best * BINS);
        bin -= bin > 0 && (double)bin / BINS >= best;
        sum[bin] += best;
        hit[bin] += s->truth[i] == guess;
        rows[bin]++;
    }
    for (int b = 0; b < BINS; b++)
        if (rows[b]) {
            x[count] = sum[b] / (double)rows[b];
            y[count] = hit[b] / (double)rows[b];
            there[count++] = rows[b];
        }
    return (struct curve){.label = "share of hits", .x = x, .y = y, .count = count,
                          .rows = there};
}

void scores_print(struct text *text, const struct scores *s, int number)
{
    struct chart roc = {.title = "ROC: share of true cases found",
                        .x_name = "false cases taken",
                        .number = number, .plain = true};
    struct chart calibrated = {.title = "calibration: share of hits", .x_name = "mean probability",
                               .number = number + 1, .plain = true};
    for (int c = 0; c < s->classes; c++) {
        struct curve curve = curve_of(text->arena, s, c);
        if (curve.count)
            add_curve(text->arena, &roc, curve);
    }
    add_diagonal(text->arena, &roc, "by chance");
    add_curve(text->arena, &calibrated, calibration(text->arena, s));
    add_diagonal(text->arena, &calibrated, "exact");
    chart_print(text, &roc);
    chart_print(text, &calibrated);
}
