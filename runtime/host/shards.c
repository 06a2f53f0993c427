#include <stdlib.h>
#include <string.h>
#include "core/arith.h"
#include "session.h"
#include "variable.h"

static float loss_of(const struct inv_session *s)
{
    float loss;
    const struct inv_variable *v = &s->model->variable[s->model->report[0].variable];
    memcpy(&loss, s->run.arena + v->offset, sizeof loss);
    return loss;
}

/* ---- totals, which a step that is left out must not change ---- */

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
}

/* ---- the pairwise tree ---- */

/* Takes in the sums of a shard of the part.  Partial sums that wait are of 2^k neighbours each, of
 * falling k: two of one size become one, and behind the last shard all do, from the last on.
 * `waiting`: how many there are. */
static void add_up(struct inv_shards *h, const struct inv_subtree *part, int64_t shard,
                   int *waiting)
{
    const struct inv_model *model = h->s->model;
    const struct inv_run *run = &h->s->run;
    int64_t stride = (model->sums_bytes + 63) / 64 * 64, count = model->sums_bytes / 4;
    int last = shard + 1 == part->end;
    float *sums = (float *)(void *)(run->arena + model->sums);
    float *partial = (float *)(void *)(run->arena + model->partial_sums);
    for (int64_t pairs = shard - part->first; *waiting > 0 && (last || pairs % 2 == 1); pairs /= 2)
        inv_exchange_add(run, sums, partial + --*waiting * (stride / 4), count);
    if (!last)
        memcpy(partial + (*waiting)++ * (stride / 4), sums, (size_t)model->sums_bytes);
}

/* ---- a step ---- */

/* Whether the loss of the shard is finite. */
static int train_shard(struct inv_shards *h, int64_t step, int64_t shard, float *loss)
{
    struct inv_session *s = h->s;
    inv_order_batch(s, h->order, step, shard);
    if (s->run.rows > 0)
        s->model->phase[INV_TRAIN](&s->run);
    else
        memset(s->run.arena + s->model->sums, 0, (size_t)s->model->sums_bytes);
    *loss = loss_of(s);
    return inv_is_finite(*loss);
}

/* Trains the shards of a part and adds them up; the first whose loss is not finite, or `bad`. */
static int64_t train_part(struct inv_shards *h, const struct inv_subtree *part, int64_t step,
                          int64_t bad)
{
    int waiting = 0;
    float loss;
    for (int64_t shard = part->first; shard < part->end; shard++) {
        if (!train_shard(h, step, shard, &loss) && shard < bad)
            bad = shard;
        inv_rank_check_take(&h->check, shard);
        inv_pass_keep(h->s, h->pass);
        add_up(h, part, shard, &waiting);
    }
    return bad;
}

/* A rank without shards is in the step, too. */
static void expect_others(struct inv_shards *h, int64_t step)
{
    inv_exchange_expect(&h->exchange);
    inv_order_gather(h->s, h->order, step, 0);
    if (h->pass->kept)
        inv_ranking_clear(h->s->model, h->pass->kept, h->pass->rows, h->s->run.batch);
}

/* All shards of this rank, and the sums over those of all; the first of its own whose loss is not
 * finite, or how many there are. */
static int64_t train_shards(struct inv_shards *h, int64_t step)
{
    const struct inv_model *model = h->s->model;
    struct inv_exchange *e = &h->exchange;
    int64_t bad = model->shards;
    if (h->s->ranks.count > 1)
        expect_others(h, step);
    for (int i = e->own; i < e->own + e->owns; i++) {
        bad = train_part(h, &e->part[i], step, bad);
        inv_exchange_send(e, &e->part[i],
                          (const float *)(const void *)(h->s->run.arena + model->sums));
    }
    inv_exchange_finish(e, &h->s->run);
    return bad;
}

/* A shard of another rank, of which nothing stays but its hash. */
static void train_again(struct inv_shards *h, int64_t step)
{
    float loss;
    train_shard(h, step, h->check.shard, &loss);
    inv_rank_check_take(&h->check, h->check.shard);
    copy_totals(h, 1);
}

/* Puts the first shard whose loss is not finite at hand; the last, where only their sum is not. */
static void show_bad(struct inv_shards *h, int64_t step, int64_t bad)
{
    int64_t first = inv_ranks_least(&h->s->ranks, bad), last = h->s->model->shards - 1;
    h->summed = first > last;
    inv_order_batch(h->s, h->order, step, first < last ? first : last);
}

void inv_shards_begin(struct inv_shards *h)
{
    inv_rank_check_begin(&h->check, h->s);
    if (h->s->model->shards > 0)
        inv_exchange_begin(&h->exchange, &h->s->ranks, h->s->model, &h->s->run);
}

int inv_shards_train(struct inv_shards *h, int64_t step, float *loss)
{
    struct inv_run *run = &h->s->run;
    run->step = (int32_t)step;
    if (h->s->model->shards == 0) {
        inv_trace_step_begin(h->s);
        return train_shard(h, step, 0, loss);
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
    int64_t sent = inv_ranks_most(&s->ranks, e->sent), parts = inv_ranks_most(&s->ranks, e->owns);
    inv_log_begin(&s->log);
    inv_log_whole(&s->log, "ranks", (uint64_t)s->ranks.count);
    inv_log_whole(&s->log, "partial_sums", (uint64_t)parts);
    inv_log_whole(&s->log, "sums_bytes", (uint64_t)e->bytes);
    inv_log_whole(&s->log, "step_sent_bytes", (uint64_t)(sent / e->steps));
    inv_log_end(&s->log);
}

void inv_shards_free(struct inv_shards *h)
{
    inv_exchange_free(&h->exchange);
    inv_rank_check_free(&h->check);
    free(h->totals);
}
