#include "profile.h"
#include <stdlib.h>
#include <string.h>
#include "core/steps.h"

struct inv_profiled {
    const struct inv_step *step;        /* NULL: it has not run yet */
    double seconds, operations;         /* of all calls; operations as inv_for is told them */
};

/* ---- taking times ---- */

static struct inv_profiled *find(struct inv_profile *p, int number)
{
    enum { FIRST = 64 };
    int *count = &p->count[p->phase];
    if (number >= *count) {
        int more = number >= 2 * *count ? number + FIRST : 2 * *count;
        p->of[p->phase] = inv_resize(p->of[p->phase], (size_t)more * sizeof *p->of[0]);
        memset(p->of[p->phase] + *count, 0, (size_t)(more - *count) * sizeof *p->of[0]);
        *count = more;
    }
    return &p->of[p->phase][number];
}

/* inv_run.stepped */
static void take(const struct inv_run *run, const struct inv_step *step, int number)
{
    struct inv_profile *p = run->stepped_state;
    double now = inv_progress_clock();
    if (step) {
        struct inv_profiled *of = find(p, number);
        of->step = step;
        of->seconds += now - p->last;
        of->operations += (double)inv_extent_of(run, step->operations);
    } else {
        p->phase = (enum inv_phase)number;
    }
    p->last = now;
}

void inv_profile_begin(struct inv_profile *p)
{
    p->begin = inv_progress_clock();
}

void inv_profile_step(struct inv_profile *p, struct inv_session *s)
{
    p->steps++;
    s->run.stepped = take;
    s->run.stepped_state = p;
}

void inv_profile_pause(struct inv_session *s)
{
    s->run.stepped = NULL;
}

/* ---- the table ---- */

struct row {
    const struct inv_profiled *of;
    const struct inv_trace_line *line;  /* NULL: none is known */
    const char *phase;
    int number, index;                  /* of the step; of the row, as they are listed first */
    double line_seconds;
};

/* By the lines' numbers; 0 where they are of one line. */
static int compare_lines(const struct row *a, const struct row *b)
{
    int left = a->line ? a->line->number : 0, right = b->line ? b->line->number : 0;
    if (a->line == b->line || left != right || left == 0)
        return (left > right) - (left < right);
    return strcmp(a->line->path, b->line->path);
}

static int by_line(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    int lines = compare_lines(a, b);
    return lines != 0 ? lines : (a->index > b->index) - (a->index < b->index);
}

/* Lines that took longest first, and in each what took longest. */
static int by_time(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    int lines = compare_lines(a, b);
    if (a->line_seconds != b->line_seconds)
        return a->line_seconds < b->line_seconds ? 1 : -1;
    if (lines != 0)
        return lines;
    if (a->of->seconds != b->of->seconds)
        return a->of->seconds < b->of->seconds ? 1 : -1;
    return (a->index > b->index) - (a->index < b->index);
}

static const struct inv_trace_line *line_of(const struct inv_model *model,
                                            const struct inv_step *step)
{
    return step->traced < step->traced_end   ? model->trace[step->traced_end - 1].line
           : step->traced > step->traced_end ? model->trace[step->traced].line
                                             : NULL;
}

/* Rows of the groups that have run, in new memory. */
static struct row *list_rows(const struct inv_profile *p, const struct inv_model *model, int *rows)
{
    static const char *const names[INV_PHASES] = {
        [INV_NORMALISE] = "normalise", [INV_AUGMENT] = "augment", [INV_TRAIN] = "train",
        [INV_UPDATE] = "update",
    };
    size_t all = 1;
    for (int i = 0; i < INV_PHASES; i++)
        all += (size_t)p->count[i];
    struct row *row = inv_allocate(all * sizeof *row);
    *rows = 0;
    for (int i = 0; i < INV_PHASES; i++)
        for (int k = 0; k < p->count[i]; k++)
            if (p->of[i][k].step) {
                row[*rows] = (struct row){ &p->of[i][k], line_of(model, p->of[i][k].step),
                                           names[i] ? names[i] : "", k, *rows, 0 };
                ++*rows;
            }
    return row;
}

static void add_up_lines(struct row *row, int rows)
{
    /* invar-lint: allow unstable-sort because rows that are equal have their index compared */
    qsort(row, (size_t)rows, sizeof *row, by_line);
    for (int begin = 0, end; begin < rows; begin = end) {
        double sum = 0;
        for (end = begin; end < rows && row[end].line == row[begin].line; end++)
            sum += row[end].of->seconds;
        for (int i = begin; i < end; i++)
            row[i].line_seconds = sum;
    }
    /* invar-lint: allow unstable-sort because rows that are equal have their index compared */
    qsort(row, (size_t)rows, sizeof *row, by_time);
}

/* "contract add max : f32[b, 24, 24, 64]": the operators, and what the last one makes. */
static void describe(const struct inv_model *model, const struct inv_step *step, char *text,
                     size_t size)
{
    enum { MOST = 5 };
    size_t length = 0;
    snprintf(text, size, "%s",
             step->traced < step->traced_end   ? ""
             : step->traced > step->traced_end ? "chunks of the sums of the next group"
                                               : "copy, index, or values of a band");
    for (int n = step->traced; n < step->traced_end && length + 1 < size; n++) {
        int last = n + 1 == step->traced_end, at = n - step->traced;
        const char *name = model->trace[n].text, *type = strstr(name, " : ");
        if (at == MOST && !last)
            length += (size_t)snprintf(text + length, size - length, " ..");
        if (at < MOST || last)
            length += (size_t)snprintf(text + length, size - length, "%s%.*s%s",
                                       at > 0 ? " " : "", (int)strcspn(name, " "), name,
                                       last && type ? type : "");
    }
}

static void print_times(const struct inv_profile *p, FILE *out, double seconds, double operations,
                        double all)
{
    fprintf(out, "%6.1f%% %10.4f %11.1f", 100 * seconds / all, seconds,
            1e6 * seconds / (double)p->steps);
    if (seconds > 0 && operations > 0)
        fprintf(out, " %8.1f", 1e-9 * operations / seconds);
    else
        fprintf(out, " %8s", "-");
}

static void print_line(const struct inv_profile *p, const struct row *row, int rows, FILE *out,
                       double all)
{
    double operations = 0;
    for (int i = 0; i < rows && row[i].line == row->line; i++)
        operations += row[i].of->operations;
    print_times(p, out, row->line_seconds, operations, all);
    if (row->line)
        fprintf(out, "  %s:%d: %s\n", row->line->path, row->line->number, row->line->source);
    else
        fprintf(out, "  copies and indices, of no line of their own\n");
}

void inv_profile_print(const struct inv_profile *p, const struct inv_session *s)
{
    static const double least = 0.001;  /* of all: shorter groups are not listed */
    double all = inv_progress_clock() - p->begin, sum = 0;
    int rows, listed = 0;
    struct row *row = list_rows(p, s->model, &rows);
    add_up_lines(row, rows);
    for (int i = 0; i < rows; i++)
        sum += row[i].of->seconds;
    fprintf(s->out, "profile: %lld steps in %.3f s, %.1f%% of it in %d groups, the rest rows of "
            "the batch, reports, evaluation, files\n"
            "  share    seconds     us/step    Gop/s  where\n",
            (long long)p->steps, all, 100 * sum / all, rows);
    for (int i = 0; i < rows; i++) {
        char text[160];
        if (row[i].line_seconds < least * all)
            break;
        if (i == 0 || row[i].line != row[i - 1].line)
            print_line(p, row + i, rows - i, s->out, all);
        if (row[i].of->seconds < least * all)
            continue;
        describe(s->model, row[i].of->step, text, sizeof text);
        print_times(p, s->out, row[i].of->seconds, row[i].of->operations, all);
        fprintf(s->out, "    %s %d  %s\n", row[i].phase, row[i].number, text);
        listed++;
    }
    if (listed < rows)
        fprintf(s->out, "%d groups of under %.1f%% each are not listed\n", rows - listed,
                100 * least);
    free(row);
}

void inv_profile_free(struct inv_profile *p)
{
    for (int i = 0; i < INV_PHASES; i++)
        free(p->of[i]);
}
