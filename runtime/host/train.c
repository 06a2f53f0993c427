#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/arith.h"
#include "checkpoint.h"
#include "device.h"
#include "norms.h"
#include "profile.h"
#include "stretch.h"
#include "variable.h"

struct training {
    struct inv_session *s;
    struct inv_order order;
    struct inv_pass train, val;
    struct inv_shards shards;
    struct inv_norms norms;
    struct inv_profile profile;
    struct inv_watch watch;
    struct inv_checkpoint checkpoint;
    int64_t steps, epochs;              /* of the run; epochs counts a started one */
    int64_t stop;                       /* no step from this one on is to be done */
};

static int find_report(const struct inv_model *model, const char *name)
{
    for (int i = 0; i < model->report_count; i++)
        if (strcmp(model->report[i].name, name) == 0)
            return i;
    return -1;
}

/* "val.accuracy" is of the val part, "accuracy" of the train part; patience alone watches the
 * loss. */
static void begin_watch(struct training *t)
{
    const struct inv_model *model = t->s->model;
    int has_val = inv_dataset_part_rows(&t->s->data, INV_PART_VAL) > 0;
    const char *name = model->keep_best;
    t->watch = (struct inv_watch){ .report = -1, .part = has_val ? INV_PART_VAL : INV_PART_TRAIN };
    if (name) {
        int val = strncmp(name, "val.", 4) == 0;
        t->watch.part = val ? INV_PART_VAL : INV_PART_TRAIN;
        t->watch.report = find_report(model, val ? name + 4 : name);
        t->watch.kept = inv_allocate((size_t)model->saved_bytes);
    } else if (model->patience > 0) {
        t->watch.report = 0;
    }
}

static int is_better(const struct training *t, float value, float than)
{
    return t->s->model->report[t->watch.report].better_lower ? value < than : value > than;
}

/* What a value must be better than to count for `patience n by least`; it is better than the best,
 * too, then. */
static float bar(const struct training *t)
{
    const struct inv_model *model = t->s->model;
    int lower = model->report[t->watch.report].better_lower;
    return (lower ? inv_sub : inv_add)(t->watch.mark, model->patience_by);
}

/* The weights are those that inv_finite_saved() looked at. */
static void keep(struct training *t, float value, int64_t epoch)
{
    struct inv_watch *w = &t->watch;
    w->epoch = epoch;
    w->best = value;
    if (w->kept)
        memcpy(w->kept, t->s->run.arena, (size_t)t->s->model->saved_bytes);
}

/* After an evaluation with the weights that would be saved in the arena.  A tie keeps the earlier;
 * NaN is never better, nor is what weights give that would not be written. */
static void look(struct training *t, int64_t epoch)
{
    struct inv_watch *w = &t->watch;
    if (w->report < 0)
        return;
    float value = (float)(w->part == INV_PART_VAL ? &t->val : &t->train)->value[w->report];
    int first = w->epoch == 0, better = first || is_better(t, value, w->best);
    w->misses++;
    if (isnan(value) || !better || !inv_finite_saved(t->s))
        return;
    if (first || is_better(t, value, bar(t))) {
        w->mark = value;
        w->misses = 0;
    }
    keep(t, value, epoch);
}

static int is_logged(const struct training *t, int64_t step)
{
    return t->s->log.file && t->s->options.log_every > 0 && step % t->s->options.log_every == 0;
}

static void log_step(struct training *t, int64_t step, float loss)
{
    struct inv_session *s = t->s;
    if (!is_logged(t, step))
        return;
    inv_progress_loss(&s->progress, (double)loss);
    inv_log_begin(&s->log);
    inv_log_whole(&s->log, "step", (uint64_t)step);
    inv_log_real(&s->log, "", "loss", (double)loss);
    inv_norms_log(&t->norms, &s->run, &s->log);
    inv_log_end(&s->log);
}

/* Rows of steps [first, end) of one epoch. */
static int64_t rows_of(const struct training *t, int64_t first, int64_t end)
{
    int64_t rows = (end - first) * t->order.batch;
    int64_t left = t->order.rows - first % t->order.per_epoch * t->order.batch;
    return rows < left ? rows : left;
}

/* One step; whether its loss is finite: else nothing was updated, or ranks differ. */
static int64_t step_here(struct training *t, int64_t step, float *loss)
{
    struct inv_session *s = t->s;
    if (s->options.profile)
        inv_profile_step(&t->profile, s);
    int good = inv_shards_train(&t->shards, step, loss);
    if (good && is_logged(t, step))
        inv_norms_before(&t->norms, s->model, &s->run);
    if (good)
        inv_device_phase(s->model, &s->run, INV_UPDATE);
    inv_profile_pause(s);
    if (good)
        inv_exchange_updated(&t->shards.exchange);
    inv_trace_step_end(s);
    good = good && inv_rank_check_updated(&t->shards.check);
    if (!good)
        return 0;
    if (s->model->shards == 0)
        inv_pass_keep(s, &t->train);
    inv_pass_add(s, &t->train);
    return 1;
}

/* Steps [first, end) on the device, without waiting for it in between; how many there were until a
 * loss was not finite. */
static int64_t steps_there(struct training *t, int64_t first, int64_t end, const char *label,
                           float *loss)
{
    struct inv_session *s = t->s;
    int64_t epoch = first / t->order.per_epoch;
    inv_order_arrange(s, &t->order, epoch);
    s->run.epoch = (int32_t)epoch;
    inv_progress_show(&s->progress, label, first, 0);
    const int32_t *row = t->order.row + first % t->order.per_epoch * t->order.batch;
    s->run.step = (int32_t)first;
    inv_trace_step_begin(s);
    int64_t done = inv_device_pass(s, &t->train, row, rows_of(t, first, end), first, 1, loss);
    inv_trace_step_end(s);
    inv_progress_clear(&s->progress);
    if (done < end - first)
        inv_shards_stopped(&t->shards, first + done);
    return done;
}

/* Of a step whose loss is not finite. */
static struct inv_bad_rows find_bad_rows(struct training *t, int64_t step)
{
    struct inv_session *s = t->s;
    const struct inv_order *order = &t->order;
    if (t->shards.summed)
        return (struct inv_bad_rows){ "batch", order->row + step % order->per_epoch * order->batch,
                                      s->run.batch, 1 };
    return inv_rows_at_hand(s);
}

/* After a step whose loss is not finite, with its batch at hand, or the shard that made it so. */
static int bad_step(struct training *t, int64_t step, int64_t end)
{
    inv_progress_clear(&t->s->progress);
    if (t->shards.check.differs)
        return INV_MISMATCH;
    struct inv_bad_rows rows = find_bad_rows(t, step);
    if (!inv_skip_step(t->s, &t->train, &rows))
        return inv_finite_report(t->s, &rows);
    return inv_chain_step(t->s, &t->order, step, INV_NAN, step + 1 == end);
}

/* Whether steps are sent off to a device, and not done one by one, as several ranks do them. */
static int sends_off(const struct training *t)
{
    return t->s->run.device && t->s->ranks.count == 1;
}

/* Where what is sent off at one time ends: here each step is. */
static int64_t pass_end(const struct training *t, int64_t step, int64_t end)
{
    if (!sends_off(t))
        return step + 1;
    end = inv_trace_piece(t->s, step, inv_chain_stop(t->s, step, end));
    return inv_checkpoint_next(&t->checkpoint, step, end);
}

/* Steps [first, stop) of an epoch that goes on to `end`; *next: behind those that were done. */
static int run_piece(struct training *t, int64_t first, int64_t stop, int64_t end,
                     const char *label, int64_t *next)
{
    struct inv_session *s = t->s;
    float one = 0, *many = NULL;
    if (sends_off(t))
        many = inv_allocate((size_t)(stop - first) * sizeof one);
    int64_t done = many ? steps_there(t, first, stop, label, many) : step_here(t, first, &one);
    int status = INV_OK;
    *next = first + done;
    for (int64_t i = 0; i < done && status == INV_OK; i++) {
        float loss = many ? many[i] : one;
        log_step(t, first + i, loss);
        status = inv_chain_step(s, &t->order, first + i, loss, first + i + 1 == end);
    }
    free(many);
    if (*next < stop && status == INV_OK)
        status = bad_step(t, (*next)++, end);
    if (status == INV_OK)
        inv_progress_show(&s->progress, label, *next, rows_of(t, first, *next));
    return status;
}

/* Whether who calls wants no other step. */
static int is_stopped(const struct training *t, int64_t step)
{
    struct inv_session *s = t->s;
    if (!s->caller || !s->caller->stops(s))
        return 0;
    inv_error(&s->errors, "stopped by its caller after %lld of %lld steps", (long long)step,
              (long long)t->steps);
    return 1;
}

/* Steps [first, end), all of one epoch, with checkpoints between them. */
static int run_steps(struct training *t, int64_t first, int64_t end, const char *label)
{
    int status = INV_OK;
    int64_t stop = t->stop < end ? t->stop : end;
    for (int64_t step = first, next; step < stop && status == INV_OK; step = next) {
        if (is_stopped(t, step))
            return INV_INTERRUPTED;
        status = run_piece(t, step, pass_end(t, step, stop), end, label, &next);
        if (status == INV_OK && next % t->order.per_epoch != 0)
            status = inv_checkpoint_after(&t->checkpoint, next, next == t->steps);
    }
    return status == INV_OK && stop == end ? inv_skip_check(t->s, &t->train) : status;
}

static const struct inv_variable *state_of(const struct training *t, int variable)
{
    return &t->s->model->variable[variable];
}

/* What schedules see of this epoch in the next one. */
static void set_watched(struct training *t)
{
    struct inv_run *run = &t->s->run;
    for (int i = 0; i < t->s->model->watched_count; i++) {
        const struct inv_watched *w = &t->s->model->watched[i];
        float value = (float)(w->val ? &t->val : &t->train)->value[w->report];
        int64_t offset = state_of(t, w->variable)->offset;
        memcpy(run->arena + offset, &value, sizeof value);
        if (run->device)
            run->device->type->upload(run, offset, sizeof value);
    }
}

static float rate_of(const struct training *t, const struct inv_rate *rate)
{
    const struct inv_run *run = &t->s->run;
    float value = rate->value;
    if (rate->variable < 0)
        return value;
    int64_t offset = state_of(t, rate->variable)->offset;
    if (run->device)
        run->device->type->download(run, offset, sizeof value);
    memcpy(&value, run->arena + offset, sizeof value);
    return value;
}

static void log_rates(struct training *t)
{
    for (int i = 0; i < t->s->model->rate_count; i++)
        inv_log_real(&t->s->log, "", t->s->model->rate[i].name,
                     (double)rate_of(t, &t->s->model->rate[i]));
}

/* Those that change. */
static void print_rates(struct training *t)
{
    for (int i = 0; i < t->s->model->rate_count; i++) {
        const struct inv_rate *rate = &t->s->model->rate[i];
        if (rate->variable >= 0)
            fprintf(t->s->out, "  %s %.3g", rate->name, (double)rate_of(t, rate));
    }
}

static void evaluate_val(struct training *t, int64_t epoch)
{
    inv_exchange_average(&t->shards.exchange);
    inv_average_exchange(t->s);
    if (inv_dataset_part_rows(&t->s->data, INV_PART_VAL) > 0)
        inv_pass_evaluate(t->s, &t->val, INV_PART_VAL);
    look(t, epoch + 1);
    set_watched(t);
    inv_average_exchange(t->s);
}

static void report_epoch(struct training *t, int64_t epoch, int64_t done, double seconds)
{
    struct inv_session *s = t->s;
    int has_val = inv_dataset_part_rows(&s->data, INV_PART_VAL) > 0;
    inv_progress_clear(&s->progress);
    if (s->options.log_every < 1)
        inv_progress_loss(&s->progress, (double)t->train.value[0]);
    inv_log_begin(&s->log);
    inv_log_whole(&s->log, "epoch", (uint64_t)epoch + 1);
    inv_log_whole(&s->log, "steps", (uint64_t)done);
    inv_pass_log(s, &s->log, &t->train, "");
    if (has_val)
        inv_pass_log(s, &s->log, &t->val, "val.");
    log_rates(t);
    if (t->train.skipped > 0)
        inv_log_whole(&s->log, "skipped", (uint64_t)t->train.skipped);
    inv_log_real(&s->log, "", "seconds", seconds);
    inv_log_end(&s->log);
    if (s->options.quiet)
        return;
    fprintf(s->out, "epoch %lld/%lld", (long long)epoch + 1, (long long)t->epochs);
    inv_pass_print(s, &t->train, s->out, "");
    if (has_val)
        inv_pass_print(s, &t->val, s->out, "val.");
    print_rates(t);
    if (t->train.skipped > 0)
        fprintf(s->out, "  skipped %lld", (long long)t->train.skipped);
    fprintf(s->out, "  (%.2f s)\n", seconds);
    fflush(s->out);
}

/* `patience` has run out. */
static int is_over(const struct training *t)
{
    return t->s->model->patience > 0 && t->watch.misses >= t->s->model->patience;
}

/* The epoch from step `first` on, which is its first one but in a run that goes on from a
 * checkpoint: that has brought the totals with it. */
static int run_epoch(struct training *t, int64_t first)
{
    struct inv_session *s = t->s;
    char label[64];
    double start = inv_progress_clock();
    int64_t epoch = first / t->order.per_epoch, end = (epoch + 1) * t->order.per_epoch;
    end = end < t->steps ? end : t->steps;
    snprintf(label, sizeof label, "epoch %lld/%lld", (long long)epoch + 1, (long long)t->epochs);
    if (first % t->order.per_epoch == 0)
        inv_pass_begin(s, &t->train);
    inv_order_follow(s, &t->order, end < t->steps && end < t->stop ? epoch + 1 : -1);
    int status = run_steps(t, first, end, label);
    if (status != INV_OK || t->stop < end)
        return status;
    inv_pass_join(s, &t->train, 0);
    inv_pass_end(s, &t->train);
    s->run.step = (int32_t)end;
    evaluate_val(t, epoch);
    report_epoch(t, epoch, end, inv_progress_clock() - start);
    return end % t->order.per_epoch != 0
               ? INV_OK : inv_checkpoint_after(&t->checkpoint, end, end == t->steps || is_over(t));
}

/* Says of which epoch the weights are, and takes them. */
static void take_best(struct training *t)
{
    struct inv_session *s = t->s;
    const struct inv_watch *w = &t->watch;
    const char *prefix = w->part == INV_PART_VAL ? "val." : "";
    if (w->kept && w->epoch == 0)
        inv_note(&s->errors, "keep best: %s was nan in every epoch; the weights are the last ones",
                 s->model->keep_best);
    if (!w->kept || w->epoch == 0)
        return;
    memcpy(s->run.arena, w->kept, (size_t)s->model->saved_bytes);
    inv_device_push_saved(s);
    inv_log_begin(&s->log);
    inv_log_whole(&s->log, "kept_epoch", (uint64_t)w->epoch);
    inv_log_real(&s->log, prefix, s->model->report[w->report].name, (double)w->best);
    inv_log_end(&s->log);
    if (s->options.quiet)
        return;
    fprintf(s->out, "kept epoch %lld  %s%s ", (long long)w->epoch, prefix,
            s->model->report[w->report].name);
    inv_pass_print_value(s->out, (double)w->best);
    fputc('\n', s->out);
}

static void print_stop(const struct training *t)
{
    const struct inv_model *model = t->s->model;
    if (t->s->options.quiet)
        return;
    fprintf(t->s->out, "stopped: %lld evaluations without a better %s",
            (long long)t->watch.misses, model->report[t->watch.report].name);
    if (model->patience_by > 0)
        fprintf(t->s->out, " by more than %.6g", (double)model->patience_by);
    fputc('\n', t->s->out);
}

/* All that is left from that step on. */
static int run_epochs(struct training *t, int64_t first)
{
    int64_t per_epoch = t->order.per_epoch;
    inv_progress_begin(&t->s->progress, stderr, inv_options_plain(&t->s->options), t->steps);
    t->s->progress.from = first;
    while (first / per_epoch < t->epochs && first < t->stop && !is_over(t)) {
        int status = run_epoch(t, first);
        if (status != INV_OK)
            return status;
        first = (first / per_epoch + 1) * per_epoch;
    }
    if (t->stop < t->steps)
        return INV_OK;
    if (is_over(t))
        print_stop(t);
    inv_exchange_average(&t->shards.exchange);
    inv_average_exchange(t->s);
    inv_receipt_metrics(t->s, &t->train, "");
    if (inv_dataset_part_rows(&t->s->data, INV_PART_VAL) > 0)
        inv_receipt_metrics(t->s, &t->val, "val.");
    take_best(t);
    return INV_OK;
}

/* Those steps of a receipt's run that --verify is to run again. */
static int run_stretches(struct training *t)
{
    struct inv_stretches all = { .count = 0 };
    int status = inv_stretches_plan(t->s, &all) ? INV_OK : INV_BAD_DATA;
    for (int i = 0; i < all.count && status == INV_OK; i++) {
        const struct inv_stretch *stretch = &all.list[i];
        status = inv_stretch_begin(&t->checkpoint, stretch);
        t->stop = stretch->stop;
        if (status == INV_OK)
            status = run_epochs(t, stretch->first);
        if (status == INV_OK)
            status = inv_stretch_end(&t->checkpoint, stretch);
    }
    inv_stretches_free(&all);
    return status;
}

/* From the checkpoint of --resume, which all ranks must have found; *first: the step. */
static int go_on(struct training *t, int64_t *first)
{
    struct inv_ranks *ranks = &t->s->ranks;
    int good = inv_checkpoint_begin(&t->checkpoint, first);
    int status = inv_ranks_agree(ranks, good ? INV_OK : INV_BAD_DATA);
    char *step = inv_text("%lld", (long long)*first);
    if (status == INV_OK)
        status = inv_ranks_same(ranks, "step to go on from", step,
                                "let all see the same checkpoints");
    if (status == INV_OK)
        status = inv_ranks_same(ranks, "checkpoint", t->s->resume.sha256,
                                "let all see the same checkpoints");
    free(step);
    inv_pass_leave(t->s, &t->train);
    inv_exchange_release(&t->shards.exchange);
    return status;
}

static int run_all(struct training *t)
{
    int64_t first = 0;
    t->stop = inv_trace_stop(t->s);
    begin_watch(t);
    inv_pass_begin(t->s, &t->train);
    t->checkpoint = (struct inv_checkpoint){ .s = t->s, .order = &t->order, .pass = &t->train,
                                             .watch = &t->watch, .steps = t->steps,
                                             .exchange = &t->shards.exchange,
                                             .check = &t->shards.check };
    int status = inv_chain_begin(t->s, t->steps);
    if (status == INV_OK && inv_options_partly(&t->s->options))
        return run_stretches(t);
    if (status == INV_OK)
        status = go_on(t, &first);
    if (status == INV_OK)
        status = run_epochs(t, first);
    if (status == INV_OK && !inv_rank_check_weights(&t->shards.check))
        status = INV_MISMATCH;
    if (status == INV_OK)
        inv_shards_log(&t->shards);
    inv_checkpoint_end(&t->checkpoint);
    return status;
}

int inv_train(struct inv_session *s)
{
    struct training t = { .s = s };
    t.shards = (struct inv_shards){ .s = s, .order = &t.order, .pass = &t.train };
    inv_average_start(s);
    inv_order_begin(s, &t.order);
    inv_shards_begin(&t.shards);
    int good = !s->options.log_norms || inv_norms_begin(&t.norms, s->model, &s->errors);
    good = good && inv_order_steps(s, &t.order, &t.steps, &t.epochs);
    int status = inv_ranks_agree(&s->ranks, good ? INV_OK : INV_BAD_DATA);
    inv_profile_begin(&t.profile);
    if (status == INV_OK)
        status = run_all(&t);
    if (status == INV_OK && s->options.profile)
        inv_profile_print(&t.profile, s);
    inv_profile_free(&t.profile);
    inv_order_free(&t.order);
    inv_shards_free(&t.shards);
    inv_norms_free(&t.norms);
    inv_pass_free(s->model, &t.train);
    inv_pass_free(s->model, &t.val);
    free(t.watch.kept);
    return status;
}
