#include "check_ranks.h"
#include <stdlib.h>
#include <string.h>
#include "core/hash.h"
#include "core/philox.h"
#include "device.h"
#include "subtree.h"
#include "variable.h"

/* No stream of a model: what a check draws changes nothing. */
enum { STREAM = 0x636b };

void inv_rank_check_begin(struct inv_rank_check *c, struct inv_session *s)
{
    *c = (struct inv_rank_check){ .s = s, .every = s->options.check_ranks, .shard = -1 };
    if (c->every < 1)
        c->every = 0;
    else
        c->hash = inv_allocate((size_t)(s->model->variable_count + 1) * sizeof *c->hash);
}

void inv_rank_check_free(struct inv_rank_check *c)
{
    free(c->hash);
}

/* ---- which shard ---- */

static int rank_of(const struct inv_session *s, int64_t shard)
{
    int rank = 0;
    while (inv_run_begin(s->model->shards, rank + 1, s->ranks.count) <= shard)
        rank++;
    return rank;
}

/* Every N-th step, numbered from 1. */
static void draw(struct inv_rank_check *c, int64_t step)
{
    const struct inv_session *s = c->s;
    uint32_t word[4], others = (uint32_t)s->ranks.count - 1;
    c->shard = -1;
    if (c->every == 0 || (step + 1) % c->every != 0)
        return;
    inv_random_quad(s->run.key, 0, (uint64_t)step, STREAM, word);
    c->shard = inv_integer(word[0], (uint32_t)s->model->shards);
    c->rank = rank_of(s, c->shard);
    c->again = (c->rank + 1 + (int)inv_integer(word[1], others)) % s->ranks.count;
}

static void log_check(struct inv_rank_check *c, int64_t step)
{
    struct inv_log *log = &c->s->log;
    if (c->shard < 0)
        return;
    inv_log_begin(log);
    inv_log_whole(log, "checked_step", (uint64_t)step);
    inv_log_whole(log, "checked_shard", (uint64_t)c->shard);
    inv_log_whole(log, "checked_rank", (uint64_t)c->rank);
    inv_log_whole(log, "checked_by", (uint64_t)c->again);
    inv_log_end(log);
}

int inv_rank_check_again(struct inv_rank_check *c, int64_t step)
{
    draw(c, step);
    log_check(c, step);
    return c->shard >= 0 && c->again == c->s->ranks.number;
}

/* ---- what is compared ---- */

static int is_sum(const struct inv_variable *v)
{
    return v->kind == INV_SHARD;
}

/* What every rank has the whole of: not what is updated by pieces, but for parameters, which all
 * get. */
static int is_common(const struct inv_variable *v)
{
    if (v->kind == INV_STATE || v->kind == INV_AVERAGE)
        return v->gradient <= 0;
    return v->kind == INV_PARAM || v->kind == INV_BUFFER;
}

static void hash_all(struct inv_rank_check *c, int (*wanted)(const struct inv_variable *))
{
    static const enum inv_kind compared[] = { INV_SHARD, INV_PARAM, INV_BUFFER, INV_STATE,
                                              INV_AVERAGE };
    const struct inv_model *model = c->s->model;
    for (size_t k = 0; k < sizeof compared / sizeof *compared; k++)
        inv_device_pull(model, &c->s->run, compared[k]);
    c->all = 0;
    for (int i = 0; i < model->variable_count; i++) {
        const struct inv_variable *v = &model->variable[i];
        c->hash[i] = wanted(v) ? inv_trace_hash(c->s, v) : 0;
        c->all = inv_hash_mix(c->all, c->hash[i]);
    }
}

void inv_rank_check_take(struct inv_rank_check *c, int64_t shard)
{
    if (shard == c->shard)
        hash_all(c, is_sum);
}

/* ---- what differs ---- */

struct of_rank { char machine[INV_MACHINE]; uint64_t hash; };

/* Of each rank, in new memory. */
static struct of_rank *ask_all(struct inv_rank_check *c)
{
    struct of_rank own = { .hash = c->all };
    struct of_rank *all = inv_allocate((size_t)c->s->ranks.count * sizeof *all);
    inv_ranks_machine(own.machine);
    inv_ranks_gather(&c->s->ranks, &own, all, sizeof own);
    return all;
}

static const char *what_is(const struct inv_model *model, const struct inv_variable *v)
{
    if (v->kind == INV_SHARD)
        return inv_variable_find(model, INV_PARAM, v->path)    ? "the gradient of parameter"
               : inv_variable_find(model, INV_BUFFER, v->path) ? "its share of buffer"
                                                               : "the loss";
    return v->kind == INV_PARAM    ? "parameter"
           : v->kind == INV_BUFFER ? "buffer"
                                   : "the optimizer's state";
}

/* The first variable in which two ranks differ, of parameters where it is in one: "parameter
 * dense1/w". */
static char *name_difference(const struct inv_model *model, const uint64_t *a, const uint64_t *b)
{
    const struct inv_variable *first = NULL;
    for (int i = 0; i < model->variable_count; i++) {
        const struct inv_variable *v = &model->variable[i];
        int better = !first || (!inv_variable_find(model, INV_PARAM, first->path) &&
                                inv_variable_find(model, INV_PARAM, v->path));
        if (a[i] != b[i] && better)
            first = v;
    }
    return inv_text("%s %s", what_is(model, first), first->path);
}

/* Two ranks differ; `how` is what the message says before that of them, ending in what comes
 * between their names. */
static void tell(struct inv_rank_check *c, const struct of_rank *of, int a, int b, const char *how)
{
    struct inv_session *s = c->s;
    size_t count = (size_t)s->model->variable_count;
    uint64_t *all = inv_allocate((size_t)s->ranks.count * count * sizeof *all);
    inv_ranks_gather(&s->ranks, c->hash, all, (int64_t)(count * sizeof *all));
    char *what = name_difference(s->model, all + (size_t)a * count, all + (size_t)b * count);
    if (s->ranks.number == 0)
        inv_error(&s->errors, "step %d (epoch %d): rank %d on %s and rank %d on %s differ in %s%s; "
                  "a processor or memory there fails: go on from a checkpoint, by --resume, on "
                  "other machines", s->run.step, s->run.epoch + 1, a, of[a].machine, b,
                  of[b].machine, what, how);
    c->differs = s->ranks.agreed = 1;
    free(what);
    free(all);
}

/* How many have what that rank has. */
static int count_like(const struct of_rank *of, int count, int rank)
{
    int like = 0;
    for (int r = 0; r < count; r++)
        like += of[r].hash == of[rank].hash;
    return like;
}

/* The first of those that most are like. */
static int find_usual(const struct of_rank *of, int count)
{
    int usual = 0;
    for (int r = 1; r < count; r++)
        if (count_like(of, count, r) > count_like(of, count, usual))
            usual = r;
    return usual;
}

int inv_rank_check_weights(struct inv_rank_check *c)
{
    int count = c->s->ranks.count, other = 0;
    if (c->every == 0)
        return 1;
    hash_all(c, is_common);
    struct of_rank *of = ask_all(c);
    int usual = find_usual(of, count);
    while (other < count && of[other].hash == of[usual].hash)
        other++;
    char *how = inv_text(", which %d of %d ranks have as rank %d has it",
                         count_like(of, count, usual), count, usual);
    if (other < count)
        tell(c, of, other, usual, how);
    free(how);
    free(of);
    return !c->differs;
}

/* Both computed it of the same weights, or these are what is wrong. */
static void tell_shard(struct inv_rank_check *c, const struct of_rank *of)
{
    uint64_t *sums = c->hash;
    c->hash = inv_allocate((size_t)(c->s->model->variable_count + 1) * sizeof *c->hash);
    int good = inv_rank_check_weights(c);
    free(c->hash);
    c->hash = sums;
    char *how = inv_text(" of shard %lld, which both computed", (long long)c->shard);
    if (good)
        tell(c, of, c->rank, c->again, how);
    free(how);
}

int inv_rank_check_shard(struct inv_rank_check *c)
{
    if (c->shard < 0)
        return 1;
    struct of_rank *of = ask_all(c);
    if (of[c->rank].hash != of[c->again].hash)
        tell_shard(c, of);
    free(of);
    return !c->differs;
}

int inv_rank_check_updated(struct inv_rank_check *c)
{
    return c->shard < 0 || inv_rank_check_weights(c);
}
