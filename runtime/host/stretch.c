#include "stretch.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "core/philox.h"
#include "checkpoint_file.h"
#include "split.h"
#include "statement.h"
#include "tensors.h"
#include "verify.h"

/* From `from` on; `to`: the checkpoint that it ends at, or NULL. */
static void add(struct inv_session *s, struct inv_stretches *all, int64_t end,
                const struct inv_left *from, const struct inv_left *to)
{
    all->list = inv_resize(all->list, (size_t)(all->count + 1) * sizeof *all->list);
    all->list[all->count++] = (struct inv_stretch){
        .first = from ? from->step : 0, .end = end,
        .stop = end < s->statement->done ? end : INT64_MAX, .from = from, .to = to };
}

/* ---- --steps A..B ---- */

/* From the newest checkpoint that is not behind A; without --resume from the beginning. */
static int plan_range(struct inv_session *s, struct inv_stretches *all)
{
    const struct inv_steps *range = &s->options.range;
    const struct inv_left *from = NULL;
    if (range->last >= s->statement->done) {
        inv_error(&s->errors, "--steps %lld..%lld: the steps of %s are 0 to %lld",
                  (long long)range->first, (long long)range->last, s->statement->path,
                  (long long)s->statement->done - 1);
        return 0;
    }
    for (int i = 0; i < all->left_count && all->left[i].step <= range->first; i++)
        from = &all->left[i];
    if (s->options.resume && !from) {
        inv_error(&s->errors, "--steps %lld..%lld: the oldest checkpoint is of step %lld; leave "
                  "--resume out to begin at step 0", (long long)range->first,
                  (long long)range->last, (long long)all->left[0].step);
        return 0;
    }
    add(s, all, range->last + 1, from, NULL);
    return 1;
}

/* ---- --sample N ---- */

/* invar-lint: allow time, random in this file because --sample without a seed asks for an arbitrary
 * stretch, and the seed is printed */
static uint64_t any_seed(void)
{
    uint64_t seed = (uint64_t)time(NULL);
    FILE *file = fopen("/dev/urandom", "rb");
    if (file && fread(&seed, sizeof seed, 1, file) != 1)
        seed = (uint64_t)time(NULL);
    if (file)
        fclose(file);
    return seed;
}

/* N of the stretches stay, each as likely as any other. */
static void draw(struct inv_stretches *all, int64_t wanted, uint64_t seed)
{
    uint32_t key[2];
    int kept = 0;
    inv_split_key(seed, key);
    for (int i = 0; i < all->count; i++) {
        uint64_t word = inv_random_word(key, (uint64_t)i, 0, 0);
        uint64_t left = (uint64_t)(all->count - i);
        if ((int64_t)(word * left >> 32) < wanted - kept)
            all->list[kept++] = all->list[i];
    }
    all->count = kept;
}

static void plan_sample(struct inv_session *s, struct inv_stretches *all)
{
    struct inv_sample *sample = &s->options.sample;
    const struct inv_left *from = NULL;
    for (int i = 0; i < all->left_count; i++) {
        const struct inv_left *to = &all->left[i];
        add(s, all, to->step, from, to);
        from = to;
    }
    add(s, all, s->statement->done, from, NULL);
    int count = all->count;
    sample->seed = sample->seeded ? sample->seed : any_seed();
    sample->seeded = 1;                 /* the summary says it */
    draw(all, sample->count, sample->seed);
    fprintf(s->out, "%d of %d stretches between checkpoints: --sample %lld:%llu takes the same\n",
            all->count, count, (long long)sample->count, (unsigned long long)sample->seed);
}

/* One of each step stays, and none of step 0, at which the run begins of itself; 0, and an error,
 * where two of one step are not the same, or none stays. */
static int drop_needless(struct inv_session *s, struct inv_stretches *all)
{
    const struct inv_left *first = all->left, *last = &all->left[all->left_count - 1];
    int count = 0;
    for (const struct inv_left *left = first + 1; left <= last; left++)
        if (left->step == left[-1].step && strcmp(left->sha256, left[-1].sha256) != 0) {
            inv_error(&s->errors, "%s and %s are both of step %lld, and are not the same; leave "
                      "there which is of the run of %s", left[-1].path, left->path,
                      (long long)left->step, s->statement->path);
            return 0;
        }
    if (last->step == 0) {
        inv_error(&s->errors, "%s is of step 0, and so is each beside it: nothing goes on from "
                  "there; verify the whole run, without --resume", last->path);
        return 0;
    }
    for (int i = 0; i < all->left_count; i++) {
        struct inv_left left = all->left[i];
        if (left.step == (count > 0 ? all->left[count - 1].step : 0))
            free(left.path);
        else
            all->left[count++] = left;
    }
    all->left_count = count;
    return 1;
}

/* A checkpoint of the last step begins no stretch; 0, and an error, where none is left or one is of
 * a longer run. */
static int drop_last(struct inv_session *s, struct inv_stretches *all)
{
    const struct inv_left *last = &all->left[all->left_count - 1];
    int64_t done = s->statement->done;
    if (last->step == done && all->left_count > 1) {
        free(all->left[--all->left_count].path);
        return 1;
    }
    if (last->step >= done)
        inv_error(&s->errors, "%s: is of step %lld, and the run of %s has %lld; name one that "
                  "begins before its end", last->path, (long long)last->step, s->statement->path,
                  (long long)done);
    return last->step < done;
}

int inv_stretches_plan(struct inv_session *s, struct inv_stretches *all)
{
    const struct inv_options *o = &s->options;
    int several = o->range.last >= 0 || o->sample.count > 0;
    if (o->resume && !inv_resume_left(s, several, &all->left, &all->left_count))
        return 0;
    if (o->resume && (!drop_needless(s, all) || !drop_last(s, all)))
        return 0;
    if (o->range.last >= 0)
        return plan_range(s, all);
    if (o->sample.count > 0)
        plan_sample(s, all);
    else
        add(s, all, s->statement->done, &all->left[0], NULL);
    return 1;
}

void inv_stretches_free(struct inv_stretches *all)
{
    for (int i = 0; i < all->left_count; i++)
        free(all->left[i].path);
    free(all->left);
    free(all->list);
}

/* ---- one of them ---- */

static FILE *open_left(struct inv_session *s, const struct inv_left *left)
{
    const char *why;
    FILE *file = inv_tensors_file(left->path, &why);
    if (!file)
        inv_error(&s->errors, "%s: cannot be read: %s", left->path, why);
    return file;
}

/* Whether the state of this run at the stretch's end can be compared with what was left there. */
static int end_is_of_run(struct inv_checkpoint *c, const struct inv_stretch *stretch)
{
    if (!stretch->to)
        return 1;
    FILE *file = open_left(c->s, stretch->to);
    int good = file && inv_checkpoint_is_of_run(c, stretch->to->path, file);
    if (file)
        fclose(file);
    return good;
}

int inv_stretch_begin(struct inv_checkpoint *c, const struct inv_stretch *stretch)
{
    struct inv_session *s = c->s;
    int64_t step;
    if (!end_is_of_run(c, stretch))
        return INV_BAD_DATA;
    if (!stretch->from)
        return INV_OK;
    FILE *file = open_left(s, stretch->from);
    if (!file)
        return INV_BAD_DATA;
    int good = inv_checkpoint_read(c, stretch->from->path, file, &step);
    fclose(file);
    if (good && step != stretch->first) {
        inv_error(&s->errors, "%s: has changed meanwhile: it was of step %lld, and is of step "
                  "%lld; verify when nothing writes it", stretch->from->path,
                  (long long)stretch->first, (long long)step);
        good = 0;
    }
    return good ? inv_verify_resumed(s, stretch->from->path) : INV_BAD_DATA;
}

int inv_stretch_end(struct inv_checkpoint *c, const struct inv_stretch *stretch)
{
    struct inv_session *s = c->s;
    char digest[65];
    int status = inv_verify_stretch(s, stretch->end);
    if (status == INV_OK && stretch->to) {
        inv_checkpoint_digest(c, stretch->end, digest);
        status = inv_verify_state(s, stretch->to, digest);
    }
    if (status != INV_OK)
        return status;
    s->again += stretch->end - stretch->first;
    fprintf(s->out, "steps %lld to %lld agree%s%s\n", (long long)stretch->first,
            (long long)stretch->end - 1, stretch->to ? ", and the state with " : "",
            stretch->to ? stretch->to->path : "");
    return INV_OK;
}
