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

/* Adds the f32 at offset at[1] to those at at[0]. */
static void add_range(const struct inv_run *run, int64_t begin, int64_t end)
{
    float *to = (float *)(void *)(run->arena + run->at[0]);
    const float *from = (const float *)(const void *)(run->arena + run->at[1]);
    for (int64_t i = begin; i < end; i++)
        to[i] = inv_add(to[i], from[i]);
}

/* Takes in the sums of the shard of that number.  Partial sums that wait are of 2^k neighbours
 * each, of falling k: two of one size become one, and behind the last shard all do, from the last
 * on.  `waiting`: how many there are. */
static void add_up(struct inv_shards *h, int64_t shard, int *waiting)
{
    const struct inv_model *model = h->s->model;
    int64_t stride = (model->sums_bytes + 63) / 64 * 64, count = model->sums_bytes / 4;
    int last = shard + 1 == model->shards;
    for (int64_t pairs = shard; *waiting > 0 && (last || pairs % 2 == 1); pairs /= 2) {
        const int64_t at[] = { model->sums, model->partial_sums + --*waiting * stride };
        struct inv_run run = h->s->run;
        run.at = at;
        inv_for(&run, add_range, count, count);
    }
    if (!last)
        memcpy(h->s->run.arena + model->partial_sums + (*waiting)++ * stride,
               h->s->run.arena + model->sums, (size_t)model->sums_bytes);
}

/* ---- a step ---- */

/* Whether the loss of the shard is finite. */
static int train_shard(struct inv_shards *h, int64_t step, int64_t shard, float *loss)
{
    struct inv_session *s = h->s;
    inv_order_batch(s, h->order, step, shard);
    if (shard == 0)
        inv_trace_step_begin(s);
    if (s->run.rows > 0)
        s->model->phase[INV_TRAIN](&s->run);
    else
        memset(s->run.arena + s->model->sums, 0, (size_t)s->model->sums_bytes);
    *loss = loss_of(s);
    return inv_is_finite(*loss);
}

static int train_shards(struct inv_shards *h, int64_t step, float *loss)
{
    int waiting = 0;
    h->summed = 0;
    for (int64_t shard = 0; shard < h->s->model->shards; shard++) {
        if (!train_shard(h, step, shard, loss))
            return 0;
        inv_pass_keep(h->s, h->pass);
        add_up(h, shard, &waiting);
    }
    h->summed = 1;
    *loss = loss_of(h->s);
    return inv_is_finite(*loss);
}

int inv_shards_train(struct inv_shards *h, int64_t step, float *loss)
{
    struct inv_run *run = &h->s->run;
    if (h->s->model->shards == 0)
        return train_shard(h, step, 0, loss);
    copy_totals(h, 0);
    if (!train_shards(h, step, loss)) {
        copy_totals(h, 1);
        return 0;
    }
    run->rows = run->batch;
    run->first_row = 0;
    return 1;
}

void inv_shards_free(struct inv_shards *h)
{
    free(h->totals);
}
