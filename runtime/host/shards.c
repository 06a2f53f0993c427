#include <stdlib.h>
#include <string.h>
#include "core/arith.h"
#include "device.h"
#include "memory.h"
#include "pool.h"
#include "session.h"
#include "subtree.h"
#include "variable.h"

static float loss_of(const struct inv_session *s)
{
    float loss;
    const struct inv_variable *v = &s->model->variable[s->model->report[0].variable];
    memcpy(&loss, s->run.arena + v->offset, sizeof loss);
    return loss;
}

/* ---- totals, which a step that is left out must not change; on a device they are there ---- */

static size_t totals_bytes(const struct inv_model *model)
{
    size_t bytes = 0;
    for (int i = 0; i < model->variable_count; i++)
        if (model->variable[i].kind == INV_ACCUMULATOR)
            bytes += inv_variable_bytes(&model->variable[i]);
    return bytes;
}

static void copy_totals(struct inv_shards *h, int back)
{
    const struct inv_model *model = h->s->model;
    if (!h->totals)
        h->totals = inv_allocate(totals_bytes(model) + 1);
    if (!back)
        inv_device_pull(model, &h->s->run, INV_ACCUMULATOR);
    unsigned char *kept = h->totals;
    for (int i = 0; i < model->variable_count; i++) {
        const struct inv_variable *v = &model->variable[i];
        size_t bytes = inv_variable_bytes(v);
        unsigned char *at = h->s->run.arena + v->offset;
        if (v->kind != INV_ACCUMULATOR)
            continue;
        memcpy(back ? at : kept, back ? kept : at, bytes);
        kept += bytes;
    }
    if (back)
        inv_device_push(model, &h->s->run, INV_ACCUMULATOR);
}

/* ---- the pairwise tree ---- */

/* How far a step is: sums of shards before `part` are sent off, `waiting` partial sums of it are
 * there; `bad`: the first shard whose loss was not finite, or how many there are. */
struct so_far {
    const struct inv_subtree *part;
    int waiting;
    int64_t bad;
};

struct ahead { struct inv_shards *h; const struct so_far *so_far; };

/* Adds one of the partial sums to bytes begin .. end - 1 of those of a shard. */
static void add_partial(const struct inv_shards *h, float *sums, int partial, int64_t begin,
                        int64_t end)
{
    const struct inv_model *model = h->s->model;
    const struct inv_run *run = &h->s->run;
    int64_t stride = (model->sums_bytes + 63) / 64 * 64;
    const float *from = (const float *)(const void *)(inv_memory_arena(run) - run->aside +
                                                      model->partial_sums + partial * stride);
    inv_memory_add(run, sums + begin / 4, sums + begin / 4, from + begin / 4, (end - begin) / 4);
}

/* Takes in the sums of a shard of the part.  Partial sums that wait are of 2^k neighbours each, of
 * falling k: two of one size become one, and behind the last shard all do, from the last on. */
static void add_up(struct inv_shards *h, struct so_far *p, float *sums, int64_t shard)
{
    const struct inv_model *model = h->s->model;
    const struct inv_run *run = &h->s->run;
    int64_t stride = (model->sums_bytes + 63) / 64 * 64;
    int last = shard + 1 == p->part->end;
    float *partial = (float *)(void *)(inv_memory_arena(run) - run->aside + model->partial_sums);
    for (int64_t pairs = shard - p->part->first; p->waiting > 0 && (last || pairs % 2 == 1);
         pairs /= 2)
        add_partial(h, sums, --p->waiting, last ? h->exchange.settled : 0, model->sums_bytes);
    if (!last)
        inv_memory_move(run, partial + p->waiting++ * (stride / 4), sums, model->sums_bytes);
}

/* ---- lanes ---- */

int inv_shards_lanes(const struct inv_session *s)
{
    int64_t shards = s->model->shards, wanted = s->options.shards_at_once;
    int64_t own = inv_run_begin(shards, s->ranks.number + 1, s->ranks.count) -
                  inv_run_begin(shards, s->ranks.number, s->ranks.count);
    wanted = wanted < own ? wanted : own;
    return wanted > 1 ? (int)wanted : 1;
}

static void begin_lanes(struct inv_shards *h)
{
    struct inv_session *s = h->s;
    h->lane = inv_allocate((size_t)s->lanes * sizeof *h->lane);
    for (int i = 0; i < s->lanes; i++)
        h->lane[i].pool = s->lanes == 1 ? s->run.pool
                          : inv_pool_new(s->threads / s->lanes, s->model->level,
                                         s->model->stack_bytes);
}

static void free_lanes(struct inv_shards *h)
{
    for (int i = 0; h->s->lanes > 1 && i < h->s->lanes; i++)
        inv_pool_free(h->lane[i].pool);
    free(h->lane);
}

/* What is of a shard, the run reads and writes in that lane from now on. */
static void enter(struct inv_shards *h, int lane)
{
    struct inv_run *run = &h->s->run;
    run->arena -= run->aside;
    run->aside = inv_session_aside(h->s->model, lane);
    run->arena += run->aside;
}

/* The totals of the other lanes are added to those of the first; they are whole numbers. */
static void join_totals(struct inv_shards *h)
{
    const struct inv_model *model = h->s->model;
    for (int i = 0; i < model->variable_count; i++) {
        const struct inv_variable *v = &model->variable[i];
        if (v->kind != INV_ACCUMULATOR || v->dtype != INV_I64)
            continue;
        uint64_t *to = (uint64_t *)(void *)(h->s->run.arena + v->offset);
        for (int lane = 1; lane < h->s->lanes; lane++) {
            uint64_t *from = to + inv_session_aside(model, lane) / (int64_t)sizeof *to;
            for (int64_t e = 0; e < inv_variable_elements(v); e++)
                to[e] += from[e];
            memset(from, 0, inv_variable_bytes(v));
        }
    }
}

/* ---- a step ---- */

/* Trains the shard whose rows are in the run's arena. */
static void train_rows(const struct inv_model *model, const struct inv_run *run)
{
    if (run->rows == 0) {
        inv_memory_clear(run, inv_memory_arena(run) + model->sums, model->sums_bytes);
        inv_device_pull(model, run, INV_LOSS);
        return;
    }
    struct inv_run augment = *run;
    augment.stepped = NULL;
    inv_device_phase(model, &augment, INV_AUGMENT);
    inv_device_phase(model, run, INV_TRAIN);
}

/* Lanes begin .. end - 1 of those whose address is in at[0]. */
static void train_lanes(const struct inv_run *run, int64_t begin, int64_t end)
{
    const struct inv_shards *h = (const struct inv_shards *)(intptr_t)run->at[0];
    for (int64_t i = begin; i < end; i++)
        train_rows(h->s->model, &h->lane[i].run);
}

/* A step of train has run in the last shard that this rank computes: what is settled of the sums of
 * its last part by that is on its way while the rest is computed. */
static void send_settled(const struct inv_run *run, const struct inv_step *step, int number)
{
    if (!step)
        return;
    struct ahead *a = run->stepped_state;
    struct inv_exchange *e = &a->h->exchange;
    const struct inv_model *model = a->h->s->model;
    int64_t settled = inv_exchange_chunk(e, model->settled[number]);
    float *sums = (float *)(void *)(run->arena + model->sums);
    inv_carry_advance(&e->carry);
    if (settled <= e->settled)
        return;
    for (int i = a->so_far->waiting; i-- > 0;)
        add_partial(a->h, sums, i, e->settled, settled);
    inv_exchange_send_first(e, settled);
}

/* Whether that shard is the last one of the rank, and nobody looks at its sums by themselves. */
static int may_send(const struct inv_shards *h, const struct so_far *p, int64_t shard)
{
    const struct inv_exchange *e = &h->exchange;
    return e->ranks->count > 1 && h->s->lanes == 1 && h->s->model->settled &&
           p->part == &e->part[e->own + e->owns - 1] && shard + 1 == p->part->end &&
           shard != h->check.shard;
}

/* Shards from `first` on, one a lane, at one time. */
static void train_beside(struct inv_shards *h, struct so_far *p, int64_t step, int64_t first,
                         int64_t count)
{
    const int64_t at[] = { (intptr_t)h };
    struct ahead ahead = { h, p };
    for (int i = 0; i < count; i++) {
        enter(h, i);
        inv_order_gather(h->s, h->order, step, first + i);
        h->lane[i].run = h->s->run;
        h->lane[i].run.pool = h->lane[i].pool;
    }
    if (may_send(h, p, first)) {
        h->lane[0].run.stepped = send_settled;
        h->lane[0].run.stepped_state = &ahead;
    }
    struct inv_run all = h->s->run;
    all.at = at;
    inv_for(&all, train_lanes, count, INT64_MAX);
}

/* What the shard in that lane gave. */
static void take_in(struct inv_shards *h, struct so_far *p, int lane, int64_t shard)
{
    struct inv_run *run = &h->s->run;
    enter(h, lane);
    run->rows = h->lane[lane].run.rows;
    run->first_row = h->lane[lane].run.first_row;
    if (!inv_is_finite(loss_of(h->s)) && shard < p->bad)
        p->bad = shard;
    inv_rank_check_take(&h->check, shard);
    inv_pass_keep(h->s, h->pass);
    float *sums = (float *)(void *)(inv_memory_arena(run) + h->s->model->sums);
    add_up(h, p, sums, shard);
    if (shard + 1 == p->part->end)
        inv_exchange_send(&h->exchange, p->part++, sums);
}

/* A rank without shards is in the step, too. */
static void expect_others(struct inv_shards *h, int64_t step)
{
    inv_exchange_expect(&h->exchange);
    inv_order_find(h->s, h->order, step, 0);
    if (h->pass->kept)
        inv_ranking_clear(h->s->model, h->pass->kept, h->pass->rows, h->s->run.batch);
}

/* All shards of this rank, and the sums over those of all; the first of its own whose loss is not
 * finite, or how many there are. */
static int64_t train_shards(struct inv_shards *h, int64_t step)
{
    const struct inv_ranks *ranks = &h->s->ranks;
    int64_t shards = h->s->model->shards, end = inv_run_begin(shards, ranks->number + 1,
                                                              ranks->count);
    struct so_far p = { &h->exchange.part[h->exchange.own], 0, shards };
    if (ranks->count > 1)
        expect_others(h, step);
    for (int64_t first = inv_run_begin(shards, ranks->number, ranks->count), count; first < end;
         first += count) {
        count = end - first < h->s->lanes ? end - first : h->s->lanes;
        train_beside(h, &p, step, first, count);
        for (int i = 0; i < count; i++)
            take_in(h, &p, i, first + i);
    }
    enter(h, 0);
    join_totals(h);
    inv_exchange_finish(&h->exchange, &h->s->run);
    inv_device_pull(h->s->model, &h->s->run, INV_LOSS);
    return p.bad;
}

/* One shard, or a batch that is not cut. */
static void train_one(struct inv_shards *h, int64_t step, int64_t shard)
{
    inv_order_gather(h->s, h->order, step, shard);
    train_rows(h->s->model, &h->s->run);
}

/* A shard of another rank, of which nothing stays but its hash. */
static void train_again(struct inv_shards *h, int64_t step)
{
    train_one(h, step, h->check.shard);
    inv_rank_check_take(&h->check, h->check.shard);
    copy_totals(h, 1);
}

/* Puts the first shard whose loss is not finite at hand; the last, where only their sum is not. */
static void show_bad(struct inv_shards *h, int64_t step, int64_t bad)
{
    int64_t first = inv_ranks_least(&h->s->ranks, bad), last = h->s->model->shards - 1;
    h->summed = first > last;
    inv_order_batch(h->s, h->order, step, first < last ? first : last);
    inv_device_push(h->s->model, &h->s->run, INV_INPUT);
    inv_device_push(h->s->model, &h->s->run, INV_SAMPLE);
}

void inv_shards_stopped(struct inv_shards *h, int64_t step)
{
    const struct inv_run *run = &h->s->run;
    int64_t shards = h->s->model->shards, bad = run->rows > 0 ? 0 : shards;
    while (bad < shards && (bad + 1) * run->batch / shards <= run->first_row)
        bad++;
    if (shards > 0)
        show_bad(h, step, bad);
}

void inv_shards_begin(struct inv_shards *h)
{
    inv_rank_check_begin(&h->check, h->s);
    begin_lanes(h);
    if (h->s->model->shards > 0)
        inv_exchange_begin(&h->exchange, &h->s->ranks, h->s->model, &h->s->run);
}

int inv_shards_train(struct inv_shards *h, int64_t step, float *loss)
{
    struct inv_run *run = &h->s->run;
    run->step = (int32_t)step;
    if (h->s->model->shards == 0) {
        inv_trace_step_begin(h->s);
        train_one(h, step, 0);
        *loss = loss_of(h->s);
        return inv_is_finite(*loss);
    }
    copy_totals(h, 0);
    if (inv_rank_check_again(&h->check, step))
        train_again(h, step);
    inv_trace_step_begin(h->s);
    int64_t bad = train_shards(h, step);
    if (!inv_rank_check_shard(&h->check))
        return 0;
    *loss = loss_of(h->s);
    if (!inv_is_finite(*loss)) {
        copy_totals(h, 1);
        show_bad(h, step, bad);
        return 0;
    }
    run->rows = run->batch;
    run->first_row = 0;
    return 1;
}

void inv_shards_log(struct inv_shards *h)
{
    struct inv_session *s = h->s;
    struct inv_exchange *e = &h->exchange;
    if (s->ranks.count == 1 || e->steps == 0)
        return;
    int64_t sent = inv_ranks_most(&s->ranks, e->sent), ahead = inv_ranks_most(&s->ranks, e->ahead);
    int64_t parts = inv_ranks_most(&s->ranks, e->owns);
    inv_log_begin(&s->log);
    inv_log_whole(&s->log, "ranks", (uint64_t)s->ranks.count);
    inv_device_log_ranks(s);
    inv_log_whole(&s->log, "partial_sums", (uint64_t)parts);
    inv_log_whole(&s->log, "sums_bytes", (uint64_t)e->bytes);
    inv_log_whole(&s->log, "step_ahead_bytes", (uint64_t)(ahead / e->steps));
    inv_log_whole(&s->log, "step_sent_bytes", (uint64_t)(sent / e->steps));
    inv_log_end(&s->log);
}

void inv_shards_free(struct inv_shards *h)
{
    inv_exchange_free(&h->exchange);
    inv_rank_check_free(&h->check);
    free_lanes(h);
    free(h->totals);
}
