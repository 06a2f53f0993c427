#include <stdlib.h>
#include "device.h"
#include "row_window.h"
#include "split.h"
#include "subtree.h"
#include "variable.h"

void inv_order_begin(const struct inv_session *s, struct inv_order *order)
{
    *order = (struct inv_order){ .rows = inv_dataset_part_rows(&s->data, INV_PART_TRAIN),
                                 .batch = inv_model_step_rows(s->model),
                                 .shards = s->model->shards > 0 ? s->model->shards : 1,
                                 .epoch = -1 };
    int64_t more = s->model->drop_last ? 0 : order->batch - 1;
    order->per_epoch = (order->rows + more) / order->batch;
    order->row = inv_allocate((size_t)order->rows * sizeof *order->row);
}

int inv_order_steps(struct inv_session *s, const struct inv_order *order, int64_t *steps,
                    int64_t *epochs)
{
    const struct inv_options *o = &s->options;
    int64_t per_epoch = order->per_epoch;
    *epochs = o->epochs > 0 ? o->epochs : s->model->epochs;
    if (inv_options_by_steps(o, s->model->steps)) {
        *steps = o->steps > 0 ? o->steps : s->model->steps;
        *epochs = (*steps + per_epoch - 1) / per_epoch;
    } else {
        *steps = *epochs > INT32_MAX / per_epoch ? INT64_MAX : *epochs * per_epoch;
    }
    if (*steps > INT32_MAX)
        inv_error(&s->errors, "%lld epochs of %lld steps are more than 2^31 - 1 steps; take fewer "
                  "epochs or a larger batch", (long long)*epochs, (long long)per_epoch);
    s->run.steps = (int32_t)*steps;
    return *steps <= INT32_MAX;
}

static void arrange(const struct inv_session *s, const struct inv_order *order, int64_t epoch,
                    int32_t *row)
{
    const int32_t *train = s->data.order + s->data.begin[INV_PART_TRAIN];
    if (s->model->shuffle) {
        inv_split_permute(row, order->rows, (uint32_t)epoch, s->model->data.stream_shuffle,
                          s->run.key);
        for (int64_t i = 0; i < order->rows; i++)
            row[i] = train[row[i]];
    } else if (s->model->streams) {
        for (int64_t i = 0; i < order->per_epoch * order->batch; i++)
            row[i] = train[i % order->batch * order->per_epoch + i / order->batch];
    } else {
        for (int64_t i = 0; i < order->rows; i++)
            row[i] = train[i];
    }
}

static void exchange_next(struct inv_order *order)
{
    int32_t *row = order->row;
    order->row = order->next;
    order->next = row;
    order->next_epoch = -1;
}

void inv_order_arrange(const struct inv_session *s, struct inv_order *order, int64_t epoch)
{
    if (epoch == order->epoch)
        return;
    if (order->next && epoch == order->next_epoch)
        exchange_next(order);
    else
        arrange(s, order, epoch, order->row);
    order->epoch = epoch;
}

int64_t inv_order_find(struct inv_session *s, struct inv_order *order, int64_t step, int64_t shard)
{
    int64_t at = step % order->per_epoch * order->batch, rest = order->rows - at;
    int64_t batch = rest < order->batch ? rest : order->batch;
    int64_t first = shard * batch / order->shards;
    s->run.rows = (shard + 1) * batch / order->shards - first;
    s->run.first_row = first;
    s->run.batch = batch;
    s->run.step = (int32_t)step;
    s->run.epoch = (int32_t)(step / order->per_epoch);
    inv_order_arrange(s, order, s->run.epoch);
    return at;
}

/* What this rank wants of an epoch from a batch on that begins at place `at` of its order, as seen
 * from place `here`. */
static struct inv_row_ahead batches_from(const struct inv_session *s, const struct inv_order *order,
                                         int64_t at, int64_t here)
{
    int64_t used = order->per_epoch * order->batch;
    return (struct inv_row_ahead){
        .next = at - here, .step = order->batch, .batch = order->batch,
        .end = (used < order->rows ? used : order->rows) - here,
        .first = inv_run_begin(order->shards, s->ranks.number, s->ranks.count),
        .last = inv_run_begin(order->shards, s->ranks.number + 1, s->ranks.count),
        .parts = order->shards };
}

/* What this rank wants behind the rows at hand, which are of a shard of its own, of the batch that
 * begins at place `at` of the order: the rest of the epoch, and what follows that. */
static struct inv_row_ahead ahead_of(const struct inv_session *s, const struct inv_order *order,
                                     int64_t at)
{
    int64_t here = at + s->run.first_row;
    struct inv_row_ahead ahead = batches_from(s, order, at + order->batch, here);
    ahead.rest = at + ahead.last * s->run.batch / order->shards - here - s->run.rows;
    ahead.then = s->follow.row;
    ahead.then_count = s->follow.count;
    return ahead;
}

void inv_order_follow(struct inv_session *s, struct inv_order *order, int64_t next)
{
    int64_t val = inv_dataset_part_rows(&s->data, INV_PART_VAL), room = val + order->rows;
    struct inv_follow *f = &s->follow;
    if (!s->data.decoder)
        return;
    f->row = inv_resize(f->row, (size_t)(room + 1) * sizeof *f->row);
    f->val = f->count = inv_pass_list(s, INV_PART_VAL, f->row, room);
    if (next < 0)
        return;
    if (!order->next)
        order->next = inv_allocate((size_t)order->rows * sizeof *order->next);
    arrange(s, order, next, order->next);
    order->next_epoch = next;
    struct inv_row_ahead all = batches_from(s, order, 0, 0);
    f->count += inv_row_ahead_list(&all, order->next, 0, f->row + f->count, room - f->count);
}

void inv_order_gather(struct inv_session *s, struct inv_order *order, int64_t step, int64_t shard)
{
    int64_t at = inv_order_find(s, order, step, shard);
    struct inv_row_ahead ahead = ahead_of(s, order, at);
    int own = shard >= ahead.first && shard < ahead.last;
    if (s->run.rows > 0)
        inv_dataset_gather(&s->data, &s->run, order->row + at + s->run.first_row, s->run.rows,
                           own ? &ahead : NULL);
    inv_order_find(s, order, step, shard);      /* which gathering has set as for a batch */
}

void inv_order_batch(struct inv_session *s, struct inv_order *order, int64_t step, int64_t shard)
{
    inv_order_gather(s, order, step, shard);
    if (s->run.rows > 0)
        inv_device_phase(s->model, &s->run, INV_AUGMENT);
}

void inv_order_free(struct inv_order *order)
{
    free(order->row);
    free(order->next);
}
