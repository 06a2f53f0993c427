#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/arith.h"
#include "core/exact.h"
#include "device.h"
#include "place.h"
#include "row_window.h"
#include "variable.h"

static const struct inv_variable *variable_of(const struct inv_session *s, int report)
{
    return &s->model->variable[s->model->report[report].variable];
}

static int is_scalar(const struct inv_session *s, int report)
{
    return inv_variable_elements(variable_of(s, report)) == 1;
}

/* Where the values of a report begin in those of a pass; of report_count: their number. */
static int64_t value_at(const struct inv_session *s, int report)
{
    int64_t at = s->model->report_count;
    for (int i = 0; i < report; i++)
        at += is_scalar(s, i) ? 0 : inv_variable_elements(variable_of(s, i));
    return report < s->model->report_count && is_scalar(s, report) ? report : at;
}

static double element(const struct inv_session *s, const struct inv_variable *v, int64_t index)
{
    const unsigned char *at = s->run.arena + v->offset + (size_t)index * inv_dtype_bytes(v->dtype);
    int64_t wide;
    int32_t whole;
    float real;
    if (v->dtype == INV_I64) {
        memcpy(&wide, at, sizeof wide);
        return (double)wide;
    }
    memcpy(&whole, at, sizeof whole);
    memcpy(&real, at, sizeof real);
    return v->dtype == INV_F32 ? (double)real : (double)whole;
}

static void clear_accumulators(const struct inv_session *s)
{
    for (int i = 0; i < s->model->variable_count; i++) {
        const struct inv_variable *v = &s->model->variable[i];
        if (v->kind == INV_ACCUMULATOR)
            memset(s->run.arena + v->offset, 0, inv_variable_bytes(v));
    }
}

void inv_pass_begin(struct inv_session *s, struct inv_pass *pass)
{
    size_t reports = (size_t)s->model->report_count;
    pass->rows = pass->skipped = 0;
    if (!pass->sum)
        pass->sum = inv_allocate(reports * INV_EXACT_WORDS * sizeof *pass->sum);
    if (!pass->value)
        pass->value = inv_allocate((size_t)value_at(s, s->model->report_count)
                                   * sizeof *pass->value);
    if (!pass->kept)
        pass->kept = inv_ranking_open(s->model);
    memset(pass->sum, 0, reports * INV_EXACT_WORDS * sizeof *pass->sum);
    clear_accumulators(s);
    inv_device_push(s->model, &s->run, INV_ACCUMULATOR);
}

void inv_pass_keep(const struct inv_session *s, struct inv_pass *pass)
{
    if (pass->kept)
        inv_ranking_keep(s->model, &s->run, pass->kept, pass->rows + s->run.first_row);
}

void inv_pass_add(struct inv_session *s, struct inv_pass *pass)
{
    for (int i = 0; i < s->model->report_count; i++) {
        if (!s->model->report[i].loss)
            continue;
        float loss = (float)element(s, variable_of(s, i), 0);
        inv_exact_add(pass->sum + i * INV_EXACT_WORDS, loss, (uint32_t)s->run.rows);
    }
    pass->rows += s->run.rows;
}

void inv_pass_join(struct inv_session *s, struct inv_pass *pass, int losses)
{
    if (s->ranks.count == 1)
        return;
    inv_device_pull(s->model, &s->run, INV_ACCUMULATOR);
    if (losses)
        inv_ranks_sum(&s->ranks, pass->sum, s->model->report_count * INV_EXACT_WORDS);
    for (int i = 0; i < s->model->variable_count; i++) {
        const struct inv_variable *v = &s->model->variable[i];
        if (v->kind == INV_ACCUMULATOR && v->dtype == INV_I64)
            inv_ranks_sum(&s->ranks, s->run.arena + v->offset, inv_variable_elements(v));
    }
    inv_device_push(s->model, &s->run, INV_ACCUMULATOR);
    if (pass->kept)
        inv_ranking_join(s->model, pass->kept, pass->rows, &s->ranks);
}

void inv_pass_leave(struct inv_session *s, struct inv_pass *pass)
{
    if (s->ranks.number == 0)
        return;
    clear_accumulators(s);
    inv_device_push(s->model, &s->run, INV_ACCUMULATOR);
    if (pass->kept)
        inv_ranking_clear(s->model, pass->kept, 0, pass->rows);
}

/* Says once of a pass why a metric is NaN. */
static void finish_rankings(struct inv_session *s, struct inv_pass *pass)
{
    const char *without = inv_ranking_finish(s->model, &s->run, pass->kept, pass->rows);
    if (without && !pass->noted++)
        inv_note(&s->errors, "%s is nan: of the %lld rows some score is nan, or all that count are "
                 "of one kind, true or not", without, (long long)pass->rows);
}

void inv_pass_end(struct inv_session *s, struct inv_pass *pass)
{
    if (pass->kept)
        finish_rankings(s, pass);
    s->run.rows = pass->rows;
    inv_device_phase(s->model, &s->run, INV_FINISH);
    for (int i = 0; i < s->model->report_count; i++) {
        int64_t count = inv_variable_elements(variable_of(s, i));
        double *value = pass->value + value_at(s, i);
        if (s->model->report[i].loss)
            *value = (double)inv_exact_mean(pass->sum + i * INV_EXACT_WORDS, 1, pass->rows);
        else
            for (int64_t e = 0; e < count; e++)
                value[e] = element(s, variable_of(s, i), e);
    }
}

void inv_pass_free(const struct inv_model *model, struct inv_pass *pass)
{
    inv_ranking_free(model, pass->kept);
    free(pass->sum);
    free(pass->value);
}

/* The first rows of this rank's next batch are so many behind those at hand; `left`: of all. */
static struct inv_row_ahead batches_from(const struct inv_session *s, int64_t next, int64_t left)
{
    int64_t batch = s->model->batch;
    return (struct inv_row_ahead){ .next = next, .step = batch * s->ranks.count, .end = left,
                                   .batch = batch, .last = 1, .parts = 1 };
}

static struct inv_row_ahead ahead_of(const struct inv_session *s, enum inv_part part, int64_t left)
{
    struct inv_row_ahead ahead = batches_from(s, s->model->batch * s->ranks.count, left);
    if (part == INV_PART_VAL && s->follow.row) {
        ahead.then = s->follow.row + s->follow.val;
        ahead.then_count = s->follow.count - s->follow.val;
    }
    return ahead;
}

int64_t inv_pass_list(const struct inv_session *s, enum inv_part part, int32_t *row, int64_t room)
{
    struct inv_row_ahead all = batches_from(s, s->model->batch * s->ranks.number,
                                            inv_dataset_part_rows(&s->data, part));
    return inv_row_ahead_list(&all, s->data.order + s->data.begin[part], 0, row, room);
}

/* One batch of these rows. */
static void evaluate_batch(struct inv_session *s, struct inv_pass *pass, const int32_t *row,
                           int64_t rows, const struct inv_row_ahead *ahead)
{
    if (s->run.device) {
        inv_device_pass(s, pass, row, rows, s->run.step, 0, NULL);
        return;
    }
    inv_dataset_gather(&s->data, &s->run, row, rows, ahead);
    s->model->phase[INV_EVALUATE](&s->run);
    inv_pass_keep(s, pass);
    inv_pass_add(s, pass);
}

/* Ranks take the batches in turn. */
static void evaluate_rows(struct inv_session *s, struct inv_pass *pass, enum inv_part part)
{
    int64_t batch = s->model->batch, first = s->data.begin[part], end = s->data.begin[part + 1];
    if (pass->kept)
        inv_ranking_clear(s->model, pass->kept, 0, end - first);
    for (int64_t at = first; at < end; at += batch) {
        int64_t rows = end - at < batch ? end - at : batch;
        struct inv_row_ahead ahead = ahead_of(s, part, end - at);
        if ((at - first) / batch % s->ranks.count == s->ranks.number)
            evaluate_batch(s, pass, s->data.order + at, rows, &ahead);
        else
            pass->rows += rows;
    }
    inv_pass_join(s, pass, 1);
}

/* A device of one rank gets all rows at one time. */
void inv_pass_evaluate(struct inv_session *s, struct inv_pass *pass, enum inv_part part)
{
    inv_pass_begin(s, pass);
    if (s->run.device && s->ranks.count == 1)
        inv_device_pass(s, pass, s->data.order + s->data.begin[part],
                        inv_dataset_part_rows(&s->data, part), s->run.step, 0, NULL);
    else
        evaluate_rows(s, pass, part);
    inv_pass_end(s, pass);
}

int inv_pass_evaluate_file(struct inv_session *s, struct inv_pass *pass, struct inv_feed *feed)
{
    inv_pass_begin(s, pass);
    while (inv_feed_next(feed) > 0 && inv_feed_normalise(feed)) {
        inv_device_phase(s->model, &s->run, INV_EVALUATE);
        inv_pass_keep(s, pass);
        inv_pass_add(s, pass);
    }
    if (s->errors.count > 0 || pass->rows == 0)
        return 0;
    inv_pass_end(s, pass);
    return 1;
}

/* Whether it has no fraction; an infinity has none. */
static int is_whole(double value)
{
    double size = fabs(value);
    return size < 0x1p52 ? (double)(int64_t)size == size : size >= 0x1p52;
}

void inv_pass_print_value(FILE *to, double value)
{
    double size = fabs(value);
    if (isnan(value))
        fputs("nan", to);
    else if (isfinite(value) && is_whole(value) && size >= 1000 && size < 1e15)
        fprintf(to, "%.0f", value);
    else if (size == 0 || (size >= 1e-3 && size < 1e5))
        fprintf(to, "%.4f", value);
    else
        fprintf(to, "%.3e", value);
}

void inv_pass_print(const struct inv_session *s, const struct inv_pass *pass, FILE *to,
                    const char *prefix)
{
    for (int i = 0; i < s->model->report_count; i++) {
        if (!is_scalar(s, i))
            continue;
        fprintf(to, "  %s%s ", prefix, s->model->report[i].name);
        inv_pass_print_value(to, pass->value[i]);
    }
}

void inv_pass_log(const struct inv_session *s, struct inv_log *log, const struct inv_pass *pass,
                  const char *prefix)
{
    for (int i = 0; i < s->model->report_count; i++) {
        const struct inv_variable *v = variable_of(s, i);
        inv_log_array(log, prefix, s->model->report[i].name, is_scalar(s, i) ? 0 : v->rank,
                      v->dim, pass->value + value_at(s, i));
    }
}

static int are_whole(const double *value, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (!is_whole(value[i]))
            return 0;
    return 1;
}

void inv_pass_print_arrays(const struct inv_session *s, const struct inv_pass *pass, FILE *to)
{
    for (int i = 0; i < s->model->report_count; i++) {
        const struct inv_variable *v = variable_of(s, i);
        int64_t count = inv_variable_elements(v), width = v->rank ? v->dim[v->rank - 1] : 1;
        if (is_scalar(s, i) || s->model->report[i].loss)
            continue;
        fprintf(to, "%s\n", s->model->report[i].name);
        const double *value = pass->value + value_at(s, i);
        int whole = are_whole(value, count);
        for (int64_t e = 0; e < count; e++)
            fprintf(to, whole ? "%7.0f%s" : "%10.4f%s", value[e],
                    (e + 1) % width == 0 ? "\n" : "");
    }
}

int64_t inv_session_aside(const struct inv_model *model, int lane)
{
    int64_t begin = model->shard_begin, bytes = model->shard_end - begin;
    return lane == 0 ? 0 : (model->arena_bytes + 63) / 64 * 64 + (lane - 1) * bytes - begin;
}

void inv_session_arena(struct inv_session *s)
{
    int64_t bytes = s->lanes > 1 ? inv_session_aside(s->model, s->lanes) + s->model->shard_begin
                                 : s->model->arena_bytes;
    s->memory = inv_allocate((size_t)bytes + 64);
    /* invar-lint: allow pointer-order because it says how much is missing to a multiple of 64 */
    uintptr_t address = (uintptr_t)s->memory;
    s->run.arena = (unsigned char *)s->memory + (64 - address % 64) % 64;
}

int inv_session_reads(struct inv_session *s, const char *path)
{
    if (s->model->data.kind == INV_RANDOM)
        inv_error(&s->errors, "%s: data %s is drawn at random, so that no file can take its place",
                  path, s->model->data.name);
    else if (strcmp(path, "-") != 0 && !strchr(path, '=') && access(path, F_OK) != 0)
        inv_error(&s->errors, "%s: cannot read data: %s; --%s takes a file that is there%s", path,
                  strerror(errno), s->options.predict ? "predict" : "evaluate",
                  s->options.predict ? ", and -o names the one to write" : "");
    return s->errors.count == 0;
}

int inv_session_feed(struct inv_session *s, struct inv_feed *feed, const char *path,
                     int inputs_only)
{
    inv_progress_begin(&s->progress, stderr, inv_options_plain(&s->options), 0);
    *feed = (struct inv_feed){ .rows = { .model = s->model, .arena = s->run.arena,
        .errors = &s->errors, .inputs_only = inputs_only, .keyless = 1, .given = path,
        .source = inv_place_first_source(s->model), .fitted = &s->data.fitted,
        .read = &s->data.read }, .fill = 1 };
    feed->rows.csv.stream.file = -1;
    return inv_session_reads(s, path) && inv_feed_open(feed, &s->run);
}
