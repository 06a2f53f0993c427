#include "checkpoint.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "checkpoint_file.h"
#include "ending.h"

/* Steps that a device does at one time, at most: a signal waits for them. */
enum { AT_ONCE = 256 };

static const struct inv_options *options_of(const struct inv_checkpoint *c)
{
    return &c->s->options;
}

/* Without --checkpoint-every: ten minutes. */
static struct inv_every every(const struct inv_checkpoint *c)
{
    const struct inv_every usual = { 600, INV_SECONDS };
    const struct inv_every *given = &options_of(c)->checkpoint_every;
    if (given->unit == INV_PERCENT)
        return (struct inv_every){ c->steps * given->count / 100 + 1, INV_STEPS };
    return given->count > 0 ? *given : usual;
}

int inv_checkpoint_possible(struct inv_session *s)
{
    struct stat about;
    const char *path = s->options.checkpoint;
    if (!path)
        return 1;
    int there = stat(path, &about) == 0;
    if (inv_output_is_standard(path) || (there && !S_ISREG(about.st_mode))) {
        inv_error(&s->errors, "--checkpoint %s: is no file that another can take the place of; "
                  "name a file", path);
        return 0;
    }
    if (there && !s->options.resume)
        inv_note(&s->errors, "%s: a checkpoint of an earlier run is there; this run begins, and "
                 "takes its place (--resume auto goes on)", path);
    return inv_output_possible(path, INV_WHOLE, &s->errors);
}

static void tell_resumed(struct inv_checkpoint *c, int64_t step)
{
    struct inv_session *s = c->s;
    inv_log_begin(&s->log);
    inv_log_text(&s->log, "checkpoint", s->resume.path);
    inv_log_whole(&s->log, "resumed_step", (uint64_t)step);
    inv_log_end(&s->log);
    if (!options_of(c)->quiet)
        fprintf(s->out, "resumed from %s after step %lld of %lld\n", s->resume.path,
                (long long)step, (long long)c->steps);
}

int inv_checkpoint_begin(struct inv_checkpoint *c, int64_t *step)
{
    struct inv_session *s = c->s;
    const struct inv_options *o = options_of(c);
    *step = 0;
    c->newest = -1;
    if (s->resume.file) {
        if (!inv_checkpoint_read(c, s->resume.path, s->resume.file, step))
            return 0;
        c->newest = *step;
        tell_resumed(c, *step);
    }
    c->written = inv_progress_clock();
    if (o->checkpoint)
        inv_ending_defer(1);
    return 1;
}

int64_t inv_checkpoint_next(const struct inv_checkpoint *c, int64_t step, int64_t end)
{
    struct inv_every e = every(c);
    if (!options_of(c)->checkpoint)
        return end;
    int64_t next = e.unit == INV_STEPS ? (step / e.count + 1) * e.count : end;
    next = next < step + AT_ONCE ? next : step + AT_ONCE;
    return next < end ? next : end;
}

static int is_due(const struct inv_checkpoint *c, int64_t step)
{
    struct inv_every e = every(c);
    int64_t per_epoch = c->order->per_epoch;
    switch (e.unit) {
    case INV_STEPS: return step % e.count == 0;
    case INV_EPOCHS: return step % per_epoch == 0 && step / per_epoch % e.count == 0;
    default: return inv_progress_clock() - c->written >= (double)e.count;
    }
}

/* ---- a file that is written beside the training ---- */

struct inv_writing {
    pthread_t thread;
    int threaded;                       /* else it was written at once */
    atomic_int done;
    struct inv_snapshot *snapshot;
    const char *path;
    int older, good;
    int64_t step;
    struct inv_errors errors;           /* the thread that trains tells them: it shows progress */
    FILE *told;                         /* where they are until then, as `text` */
    char *text;
    size_t size;
};

static void *write_file(void *writing)
{
    struct inv_writing *w = writing;
    w->good = inv_snapshot_write(w->snapshot, w->path, w->older, &w->errors);
    atomic_store(&w->done, 1);
    return NULL;
}

/* Waits for the file. */
static void await(struct inv_session *s)
{
    struct inv_writing *w = s->writing;
    if (w->threaded)
        /* invar-lint: allow threads because the writer reads a copy of the state, of which nothing
         * is computed */
        pthread_join(w->thread, NULL);
    if (w->told)
        fclose(w->told);
    s->writing = NULL;
}

static void release(struct inv_writing *w)
{
    free(w->text);
    free(w);
}

/* Why a file was not written.  Who calls a library gets a note: errors end calls there. */
static void tell_failure(struct inv_session *s, const char *text)
{
    size_t skip = s->caller ? strlen("error: ") : 0;
    inv_progress_clear(&s->progress);
    if (text && s->caller && strncmp(text, "error: ", skip) == 0)
        inv_note(&s->errors, "%.*s", (int)strcspn(text + skip, "\n"), text + skip);
    else
        fputs(text && !s->caller ? text : "", s->errors.to);
}

/* One that cannot be written ends no run: those that are there stay, and the next may be. */
static void finish(struct inv_checkpoint *c)
{
    struct inv_session *s = c->s;
    struct inv_writing *w = s->writing;
    if (!w)
        return;
    await(s);
    if (w->good) {
        c->newest = w->step;
        s->resume.damaged = 0;
    } else {
        tell_failure(s, w->text);
        if (c->newest >= 0)
            inv_note(&s->errors, "the newest checkpoint is that of step %lld",
                     (long long)c->newest);
        else
            inv_note(&s->errors, "there is no checkpoint yet");
    }
    release(w);
}

void inv_checkpoint_abandon(struct inv_session *s)
{
    struct inv_writing *w = s->writing;
    if (!w)
        return;
    await(s);
    release(w);
    inv_ending_defer(0);
}

/* Signals are for the thread that trains.  Where there is no memory for a copy, or no thread, the
 * file is written at once. */
static void start(struct inv_writing *w)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    /* invar-lint: allow threads because it writes a copy of the state to a file, and computes
     * nothing */
    w->threaded = inv_snapshot_is_copy(w->snapshot) &&
                  pthread_create(&w->thread, NULL, write_file, w) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!w->threaded)
        write_file(w);
}

static void write_one(struct inv_checkpoint *c, int64_t step)
{
    const struct inv_options *o = options_of(c);
    if (c->newest == step)
        return;
    finish(c);
    struct inv_writing *w = inv_allocate(sizeof *w);
    *w = (struct inv_writing){ .path = o->checkpoint, .step = step,
        .older = c->s->resume.damaged ? 0 : inv_options_checkpoints(o) - 1,
        .snapshot = inv_checkpoint_copy(c, step) };
    w->told = open_memstream(&w->text, &w->size);
    w->errors.to = w->told ? w->told : c->s->errors.to;
    c->written = inv_progress_clock();
    c->s->writing = w;
    start(w);
}

/* Whether this process is to end. */
static int is_asked(const struct inv_checkpoint *c)
{
    struct inv_session *s = c->s;
    return inv_ending_asked() || (s->caller && s->caller->stops(s));
}

/* Where a signal asked. */
static int interrupted(struct inv_checkpoint *c, int64_t step)
{
    struct inv_session *s = c->s;
    const char *path = options_of(c)->checkpoint, *asked = inv_ending_asked();
    const char *signal = asked ? asked : s->caller ? "a stop" : "a signal to another rank";
    inv_progress_clear(&s->progress);
    if (c->newest != step) {
        inv_error(&s->errors, "%s came after step %lld of %lld, and no checkpoint of it is written",
                  signal, (long long)step, (long long)c->steps);
        return INV_BAD_DATA;
    }
    inv_note(&s->errors, "%s came: %s is of step %lld of %lld, --resume %s goes on from there",
             signal, path, (long long)step, (long long)c->steps, path);
    return INV_INTERRUPTED;
}

/* The first rank writes what all have; where --check-ranks finds that they have not, nothing is
 * written. */
static int write_of_all(struct inv_checkpoint *c, int64_t step)
{
    if (!inv_rank_check_weights(c->check))
        return INV_MISMATCH;
    if (step % c->order->per_epoch != 0) {
        inv_pass_join(c->s, c->pass, 0);
        inv_pass_leave(c->s, c->pass);
    }
    inv_exchange_collect(c->exchange);
    if (c->s->ranks.number == 0)
        write_one(c, step);
    inv_exchange_release(c->exchange);
    return INV_OK;
}

/* What is to be done after a step: the first rank knows when it is time, each whether a signal
 * came. */
enum wish { NOTHING, WRITE, END };

static enum wish wish(const struct inv_checkpoint *c, int64_t step, int last)
{
    struct inv_ranks *ranks = &c->s->ranks;
    int writes = ranks->number == 0 && (last || is_due(c, step));
    return (enum wish)inv_ranks_most(ranks, is_asked(c) ? END : writes ? WRITE : NOTHING);
}

int inv_checkpoint_after(struct inv_checkpoint *c, int64_t step, int last)
{
    int within = step % c->order->per_epoch != 0, first = c->s->ranks.number == 0;
    if (!options_of(c)->checkpoint || (last && !within && inv_options_chained(options_of(c))))
        return INV_OK;
    enum wish wanted = wish(c, step, last);
    if (c->s->writing && atomic_load(&c->s->writing->done))
        finish(c);
    int status = wanted != NOTHING ? write_of_all(c, step) : INV_OK;
    if (wanted == END || last)
        finish(c);
    if (wanted != END || status != INV_OK)
        return status;
    return inv_ranks_agree(&c->s->ranks, first ? interrupted(c, step) : INV_INTERRUPTED);
}

void inv_checkpoint_end(struct inv_checkpoint *c)
{
    finish(c);
    inv_ending_defer(0);
}
