/* Training: docs/numerics.md, sections 4 to 6. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "reference.h"

struct training {
    struct moment *at;
    const struct data *data;
    FILE *log;
    struct exact *sum;                  /* of each loss, over a pass */
    double *value;                      /* of each report, after a pass */
    double *train_value;                /* those of the train part */
    int64_t pass_rows;
    double best, mark;                  /* the best; the last that patience counted as better */
    int64_t misses, best_epoch;         /* from 1; 0: none yet */
    unsigned char *kept;                /* parameters and buffers of the best, end to end */
};

/* ---- copies of variables ---- */

static int64_t variable_bytes(const struct variable *v)
{
    return shape_count(&v->shape, 1) * type_bytes(v->type);
}

/* Parameters and buffers to or from `kept`. */
static void exchange_kept(struct training *t, bool save)
{
    int64_t size = 0;
    for (int pass = 0; pass < 2; pass++) {
        unsigned char *kept = t->kept;
        for (int i = 0; i < t->at->program->variable_count; i++) {
            struct variable *v = &t->at->program->variable[i];
            if (v->kind != KIND_PARAM && v->kind != KIND_BUFFER)
                continue;
            size += pass == 0 ? variable_bytes(v) : 0;
            if (pass == 1)
                memcpy(save ? kept : v->data, save ? v->data : kept, (size_t)variable_bytes(v));
            kept += pass == 1 ? variable_bytes(v) : 0;
        }
        t->kept = t->kept ? t->kept : allocate(size, 1);
    }
}

/* The parameter or block whose moving average v is. */
static struct variable *original_of(const struct program *p, const struct variable *v)
{
    for (int i = 0; i < p->variable_count; i++) {
        struct variable *o = &p->variable[i];
        if ((o->kind == KIND_PARAM || o->kind == KIND_BLOCK) && strcmp(o->path, v->path) == 0)
            return o;
    }
    die("%s is the average of nothing", v->path);
}

static void start_averages(const struct program *p)
{
    for (int i = 0; i < p->variable_count; i++)
        if (p->variable[i].kind == KIND_AVERAGE)
            memcpy(p->variable[i].data, original_of(p, &p->variable[i])->data,
                   (size_t)variable_bytes(&p->variable[i]));
}

static void exchange_averages(const struct program *p)
{
    for (int i = 0; i < p->variable_count; i++) {
        const struct variable *v = &p->variable[i];
        if (v->kind != KIND_AVERAGE)
            continue;
        unsigned char *a = v->data, *b = original_of(p, v)->data;
        for (int64_t k = 0; k < variable_bytes(v); k++) {
            unsigned char byte = a[k];
            a[k] = b[k];
            b[k] = byte;
        }
    }
}

/* ---- passes over rows ---- */

static const struct variable *report_variable(const struct training *t, int i)
{
    return &t->at->program->variable[t->at->program->report[i].variable];
}

static void begin_pass(struct training *t)
{
    struct program *p = t->at->program;
    t->pass_rows = 0;
    for (int i = 0; i < p->report_count; i++)
        t->sum[i] = (struct exact){0};
    for (int i = 0; i < p->variable_count; i++)
        if (p->variable[i].kind == KIND_ACCUMULATOR)
            memset(p->variable[i].data, 0, (size_t)variable_bytes(&p->variable[i]));
}

static void add_batch(struct training *t)
{
    for (int i = 0; i < t->at->program->report_count; i++) {
        if (!t->at->program->report[i].loss)
            continue;
        exact_add(&t->sum[i], *(const float *)report_variable(t, i)->data, t->at->rows);
    }
    t->pass_rows += t->at->rows;
}

static double scalar_of(const struct variable *v)
{
    if (v->type == TYPE_F32)
        return (double)*(const float *)v->data;
    if (v->type == TYPE_I64)
        return (double)*(const int64_t *)v->data;
    return (double)*(const int32_t *)v->data;
}

/* As the trainer's --log has it. */
static void write_real(const struct training *t, const char *prefix, const char *name, double value)
{
    if (isfinite(value))
        fprintf(t->log, ",\"%s%s\":%.9g", prefix, name, value);
    else
        fprintf(t->log, ",\"%s%s\":null", prefix, name);
}

static double number_at(const struct variable *v, int64_t i)
{
    return v->type == TYPE_I64 ? (double)((const int64_t *)v->data)[i]
                               : (double)((const float *)v->data)[i];
}

/* A matrix and the like, row by row in brackets. */
static void write_array(const struct training *t, const char *prefix, const char *name,
                        const struct variable *v)
{
    int64_t count = shape_count(&v->shape, 1);
    fprintf(t->log, ",\"%s%s\":", prefix, name);
    for (int64_t i = 0; i < count; i++) {
        int64_t size = 1, opened = 0, closed = 0;
        for (int axis = v->shape.rank - 1; axis >= 0; axis--) {
            size *= v->shape.dim[axis];
            opened += i % size == 0;
            closed += (i + 1) % size == 0;
        }
        fprintf(t->log, "%s%.*s%.9g%.*s", i ? "," : "", (int)opened, "[[[[[[[[", number_at(v, i),
                (int)closed, "]]]]]]]]");
    }
}

static void end_pass(struct training *t, const char *prefix)
{
    struct program *p = t->at->program;
    ranking_end(p, t->pass_rows);
    t->at->rows = t->pass_rows;
    graph_run(p->phase[PHASE_FINISH], t->at, NULL, 0, NULL);
    for (int i = 0; i < p->report_count; i++) {
        t->value[i] = p->report[i].loss ? (double)exact_mean(&t->sum[i], t->pass_rows)
                                        : scalar_of(report_variable(t, i));
        if (shape_count(&report_variable(t, i)->shape, 1) == 1)
            write_real(t, prefix, p->report[i].name, t->value[i]);
        else
            write_array(t, prefix, p->report[i].name, report_variable(t, i));
    }
}

static void evaluate(struct training *t, int part, const char *prefix)
{
    const struct data *d = t->data;
    const struct program *p = t->at->program;
    int64_t batch = p->shards > 0 ? (p->batch + p->shards - 1) / p->shards : p->batch;
    if (d->begin[part] == d->begin[part + 1])
        return;
    begin_pass(t);
    for (int64_t at = d->begin[part]; at < d->begin[part + 1]; at += batch) {
        int64_t rest = d->begin[part + 1] - at;
        data_gather(t->at, d->order + at, rest < batch ? rest : batch);
        graph_run(t->at->program->phase[PHASE_EVALUATE], t->at, NULL, 0, NULL);
        ranking_add(t->at->program, t->pass_rows, t->at->rows);
        add_batch(t);
    }
    end_pass(t, prefix);
}

/* ---- the best so far ---- */

static int watched_report(const struct program *p)
{
    for (int i = 0; *p->keep && i < p->report_count; i++)
        if (strcmp(p->keep + 4, p->report[i].name) == 0)
            return i;
    return p->patience > 0 ? 0 : -1;
}

/* After the evaluation of the val part. */
static void look_for_best(struct training *t)
{
    const struct program *p = t->at->program;
    int report = watched_report(p);
    if (report < 0)
        return;
    double value = t->value[report];
    bool lower = p->report[report].lower, first = t->best_epoch == 0;
    float bar = lower ? (float)t->mark - p->patience_by : (float)t->mark + p->patience_by;
    t->misses++;
    if (isnan(value))
        return;
    if (first || (lower ? value < (double)bar : value > (double)bar)) {
        t->mark = value;
        t->misses = 0;
    }
    if (!first && !(lower ? value < t->best : value > t->best))
        return;
    t->best_epoch = t->at->epoch + 1;
    t->best = value;
    if (*p->keep)
        exchange_kept(t, true);
}

static void set_watched(struct training *t)
{
    const struct program *p = t->at->program;
    for (int i = 0; i < p->watched_count; i++) {
        const struct watched *w = &p->watched[i];
        *(float *)p->variable[w->variable].data =
            (float)(w->val ? t->value : t->train_value)[w->report];
    }
}

static void log_rates(struct training *t)
{
    const struct program *p = t->at->program;
    for (int i = 0; i < p->rate_count; i++)
        write_real(t, "", p->rate[i].name,
                   p->rate[i].variable < 0 ? p->rate[i].value
                                           : scalar_of(&p->variable[p->rate[i].variable]));
}

/* ---- steps ---- */

static bool loss_is_finite(const struct moment *at)
{
    const struct program *p = at->program;
    float loss = *(const float *)p->variable[p->report[0].variable].data;
    if (!isfinite(loss))
        fprintf(stderr, "step %lld: the loss is not finite\n", (long long)at->step);
    return isfinite(loss);
}

/* ---- shards ---- */

struct step { const int32_t *row; int64_t count; };

static bool is_summed(const struct variable *v)
{
    return v->kind == KIND_LOSS || v->kind == KIND_SHARD;
}

static void run_shard(struct training *t, const struct step *s, int64_t shard)
{
    struct program *p = t->at->program;
    int64_t first = shard * s->count / p->shards, end = (shard + 1) * s->count / p->shards;
    t->at->first_row = first;
    t->at->rows = end - first;
    if (first == end) {
        for (int i = 0; i < p->variable_count; i++)
            if (is_summed(&p->variable[i]))
                memset(p->variable[i].data, 0, (size_t)variable_bytes(&p->variable[i]));
        return;
    }
    data_gather(t->at, s->row + first, end - first);
    graph_run(p->phase[PHASE_AUGMENT], t->at, NULL, 0, NULL);
    graph_run(p->phase[PHASE_TRAIN], t->at, NULL, 0, NULL);
    ranking_add(p, t->pass_rows + first, end - first);
}

/* What is summed, end to end, in new memory. */
static float *copy_sums(const struct program *p)
{
    int64_t count = 0;
    float *sums = NULL;
    for (int pass = 0; pass < 2; pass++) {
        float *to = sums = pass ? allocate(count, sizeof *sums) : NULL;
        for (int i = 0; i < p->variable_count; i++) {
            const struct variable *v = &p->variable[i];
            if (!is_summed(v))
                continue;
            count += variable_bytes(v) / 4;
            if (pass)
                memcpy(to, v->data, (size_t)variable_bytes(v));
            to += pass ? variable_bytes(v) / 4 : 0;
        }
    }
    return sums;
}

static void add_sums(struct program *p, const float *left)
{
    for (int i = 0; i < p->variable_count; i++) {
        struct variable *v = &p->variable[i];
        for (int64_t e = 0; is_summed(v) && e < variable_bytes(v) / 4; e++)
            ((float *)v->data)[e] = *left++ + ((float *)v->data)[e];
    }
}

/* Leaves the sum of the shards of place `at` of a level of the pairwise tree, level 0 being that of
 * the shards, in the variables. */
static void sum_shards(struct training *t, const struct step *s, int level, int64_t at)
{
    struct program *p = t->at->program;
    int64_t below = p->shards;
    if (level == 0) {
        run_shard(t, s, at);
        return;
    }
    for (int i = 1; i < level; i++)
        below = (below + 1) / 2;
    sum_shards(t, s, level - 1, 2 * at);
    if (2 * at + 1 == below)
        return;
    float *left = copy_sums(p);
    sum_shards(t, s, level - 1, 2 * at + 1);
    add_sums(p, left);
    free(left);
}

static void run_shards(struct training *t, const struct step *s)
{
    struct program *p = t->at->program;
    int levels = 0;
    while (p->shards > (int64_t)1 << levels)
        levels++;
    t->at->batch = s->count;
    sum_shards(t, s, levels, 0);
    if (!loss_is_finite(t->at))
        exit(3);
    t->at->rows = s->count;
    t->at->first_row = 0;
    graph_run(p->phase[PHASE_UPDATE], t->at, NULL, 0, NULL);
}

static void run_batch(struct training *t, const struct step *s)
{
    struct program *p = t->at->program;
    int first[256], firsts = 0;
    for (int i = 0; i < p->variable_count && firsts < 256; i++)
        if (p->variable[i].kind == KIND_LOSS)
            first[firsts++] = i;
    data_gather(t->at, s->row, s->count);
    graph_run(p->phase[PHASE_AUGMENT], t->at, NULL, 0, NULL);
    if (!graph_run(p->phase[PHASE_TRAIN], t->at, first, firsts, loss_is_finite))
        exit(3);
    ranking_add(p, t->pass_rows, s->count);
}

static void run_step(struct training *t, const int32_t *row, int64_t count)
{
    const struct step s = {row, count};
    (t->at->program->shards > 0 ? run_shards : run_batch)(t, &s);
    add_batch(t);
    fprintf(t->log, "{\"step\":%lld", (long long)t->at->step);
    write_real(t, "", "loss", scalar_of(report_variable(t, 0)));
    fprintf(t->log, "}\n");
}

/* The training rows of an epoch, in its order. */
static int32_t *rows_of(const struct training *t, int64_t rows)
{
    const struct program *p = t->at->program;
    char path[512];
    int32_t *row = allocate(rows, sizeof *row);
    for (int64_t i = 0; i < rows; i++)
        row[i] = (int32_t)i;
    if (p->shuffle) {
        snprintf(path, sizeof path, "data/%s/shuffle", p->data_name);
        permute(row, rows, t->at->key, (uint64_t)t->at->epoch, stream_of(path));
    }
    for (int64_t i = 0; i < rows; i++)
        row[i] = t->data->order[row[i]];
    return row;
}

static void run_epoch(struct training *t, int64_t rows)
{
    int64_t batch = t->at->program->batch;
    int32_t *row = rows_of(t, rows);
    if (t->at->program->drop_last)
        rows -= rows % batch;
    begin_pass(t);
    for (int64_t at = 0; at < rows && t->at->step < t->at->steps; at += batch) {
        run_step(t, row + at, rows - at < batch ? rows - at : batch);
        t->at->step++;
    }
    free(row);
    fprintf(t->log, "{\"epoch\":%lld,\"steps\":%lld", (long long)t->at->epoch + 1,
            (long long)t->at->step);
    end_pass(t, "");
    memcpy(t->train_value, t->value, (size_t)t->at->program->report_count * sizeof *t->value);
    exchange_averages(t->at->program);
    evaluate(t, 1, "val.");
    look_for_best(t);
    set_watched(t);
    exchange_averages(t->at->program);
    log_rates(t);
    fprintf(t->log, "}\n");
}

static void take_best(struct training *t)
{
    const struct program *p = t->at->program;
    exchange_kept(t, false);
    fprintf(t->log, "{\"kept_epoch\":%lld", (long long)t->best_epoch);
    write_real(t, "val.", p->report[watched_report(p)].name, t->best);
    fprintf(t->log, "}\n");
}

void train(struct moment *at, const struct data *data, const char *log)
{
    const struct program *p = at->program;
    struct training t = {.at = at, .data = data, .log = fopen(log, "w")};
    int64_t rows = data->begin[1], per_epoch = (rows + p->batch - 1) / p->batch;
    if (p->drop_last)
        per_epoch = rows / p->batch;
    if (rows == 0)
        die("there are no rows to train on");
    if (!t.log)
        die("cannot write %s", log);
    t.sum = allocate(p->report_count, sizeof *t.sum);
    t.value = allocate(p->report_count, sizeof *t.value);
    t.train_value = allocate(p->report_count, sizeof *t.train_value);
    start_averages(p);
    at->steps = p->steps > 0 ? p->steps : p->epochs * per_epoch;
    for (at->epoch = 0; at->step < at->steps; at->epoch++) {
        run_epoch(&t, rows);
        if (p->patience > 0 && t.misses >= p->patience)
            break;
    }
    exchange_averages(p);
    if (*p->keep && t.best_epoch > 0)
        take_best(&t);
    fprintf(t.log, "{\"rows\":%lld", (long long)(data->begin[3] - data->begin[2]));
    evaluate(&t, 2, "test.");
    fprintf(t.log, "}\n");
    if (fclose(t.log) != 0)
        die("cannot write %s", log);
}
