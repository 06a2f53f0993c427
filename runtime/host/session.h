/* One run of a trainer, and what its parts share. */
#ifndef INV_HOST_SESSION_H
#define INV_HOST_SESSION_H
#include "invar.h"
#include "check_ranks.h"
#include "claims.h"
#include "dataset.h"
#include "exchange.h"
#include "feed.h"
#include "load.h"
#include "log.h"
#include "options.h"
#include "progress.h"
#include "ranking.h"
#include "receipt.h"
#include "trace.h"

/* The checkpoint that a run goes on from: sound, not yet known to be of this run. */
struct inv_resume {
    char *path;                         /* NULL: the run begins */
    FILE *file;
    int damaged;                        /* the file of --checkpoint is: none older must go for it */
    char sha256[65];                    /* of the file, once it is read */
};

struct inv_session;

/* A sound checkpoint that a run left. */
struct inv_left {
    char *path;
    int64_t step;
    char sha256[65];                    /* as it says itself */
};

/* Who calls a library that trains (runtime/train). */
struct inv_caller {
    const struct inv_arrays *arrays;    /* the rows */
    FILE *log, *out;                    /* get the log, and what a program prints */
    /* Before steps: whether none is to follow any more. */
    int (*stops)(struct inv_session *);
    /* Takes the trained weights, which else go to --weights alone; the exit status. */
    int (*take)(struct inv_session *);
};

struct inv_writing;

/* Rows that this rank wants behind the epoch at hand, where they are decoded: `val` of the val
 * part, then those of the next epoch. */
struct inv_follow { int32_t *row; int64_t val, count; };

struct inv_session {
    const struct inv_model *model;
    const struct inv_caller *caller;    /* NULL in a program */
    struct inv_options options;
    struct inv_errors errors;
    struct inv_progress progress;
    struct inv_ranks ranks;
    struct inv_run run;
    void *memory;                       /* holds run.arena, and of lanes from the second on what is
                                         * of a shard */
    int threads, lanes;                 /* how many; lanes: shards that are computed at a time */
    uint64_t seed;
    struct inv_dataset data;
    struct inv_follow follow;
    struct inv_log log;
    struct inv_claims claims;
    struct inv_loads loads;
    struct inv_receipt receipt;
    struct inv_trace trace;
    struct inv_statement *statement;    /* the receipt that is verified, or NULL: verify.h */
    int64_t again;                      /* steps that --verify has run again; -1: the whole run */
    struct inv_resume resume;
    struct inv_writing *writing;        /* the checkpoint that a thread writes, or NULL */
    FILE *out;                          /* what the user reads: standard output, or error where an
                                         * output goes to that */
};

/* A pass over rows: the exact sums of losses (core/exact.h), and in the end the value of every
 * report: that of scalar i is value[i], those of arrays follow. */
struct inv_pass {
    int64_t rows;
    int64_t skipped;                    /* steps that were left out: skip.c; not in `rows` */
    int64_t *sum;
    double *value;
    struct inv_kept *kept;              /* of rankings, or NULL */
    int noted;                          /* that a ranking has no result */
};

/* pass.c */
void inv_pass_begin(struct inv_session *, struct inv_pass *);
/* After INV_UPDATE (with shards INV_TRAIN) or INV_EVALUATE of run.rows rows from run.first_row on
 * of a batch: what rankings keep of them; then of all run.rows rows of the batch, its losses. */
void inv_pass_keep(const struct inv_session *, struct inv_pass *);
void inv_pass_add(struct inv_session *, struct inv_pass *);
/* What ranks have kept and added up, each for itself, becomes that of all; `losses`: each has added
 * up some of these, and not each all of them.  Then, where the pass goes on, it is left to the
 * first, and the others begin at nothing. */
void inv_pass_join(struct inv_session *, struct inv_pass *, int losses);
void inv_pass_leave(struct inv_session *, struct inv_pass *);
/* Divides and runs INV_FINISH. */
void inv_pass_end(struct inv_session *, struct inv_pass *);
void inv_pass_free(const struct inv_model *, struct inv_pass *);
/* Runs INV_EVALUATE over a part, in order, in batches of the declared size, or of a shard's. */
void inv_pass_evaluate(struct inv_session *, struct inv_pass *, enum inv_part);
/* The rows that this rank evaluates then, in their order, `room` at most: how many. */
int64_t inv_pass_list(const struct inv_session *, enum inv_part, int32_t *row, int64_t room);
/* The same over the rows of a file; 0 after an error, or where there are none. */
int inv_pass_evaluate_file(struct inv_session *, struct inv_pass *, struct inv_feed *);
/* "  loss 0.4321  accuracy 0.8750", each name after prefix; scalars only. */
void inv_pass_print(const struct inv_session *, const struct inv_pass *, FILE *,
                    const char *prefix);
/* 4 places for what a loss or a share usually is, else 4 significant digits. */
void inv_pass_print_value(FILE *, double);
void inv_pass_log(const struct inv_session *, struct inv_log *, const struct inv_pass *,
                  const char *prefix);
/* Reports that are no scalars (a confusion matrix), a line for each last-axis row. */
void inv_pass_print_arrays(const struct inv_session *, const struct inv_pass *, FILE *);

/* The report that `keep best` and `patience` watch. */
struct inv_watch {
    int report;                         /* -1: none */
    enum inv_part part;                 /* train or val */
    float best, mark;                   /* the best; the last that was better by the least */
    int64_t epoch;                      /* of the best, from 1; 0: none yet */
    int64_t misses;                     /* evaluations since the mark */
    unsigned char *kept;                /* parameters and buffers of the best, or NULL */
};

/* average.c: exchanges the parameters with their moving averages, where the model keeps some. */
void inv_average_exchange(struct inv_session *);
/* The averages begin as the parameters. */
void inv_average_start(struct inv_session *);

/* Rows that a loss is of: of `what`, "batch" or "shard".  whole: those of all shards of a step, of
 * which each has a finite loss. */
struct inv_bad_rows {
    const char *what;
    const int32_t *row;
    int64_t count;
    int whole;
};

/* finite.c: those of the batch, or of the shard, that the arena has. */
struct inv_bad_rows inv_rows_at_hand(const struct inv_session *);
/* finite.c: replays INV_TRAIN, unless they are `whole`, and names the first node that is not
 * finite, and the rows; the exit status. */
int inv_finite_report(struct inv_session *, const struct inv_bad_rows *);
/* Whether the weights may be written: no parameter that is not finite, no NaN in a buffer.  Those
 * of a device are in the arena then. */
int inv_finite_saved(struct inv_session *);
/* INV_NOT_FINITE, with an error, where a parameter is not finite or a buffer holds a NaN. */
int inv_finite_weights(struct inv_session *);

/* skip.c, after INV_TRAIN of a step whose loss is not finite: tells the log, and whether
 * --on-nan skip leaves the step out.  It does not where the weights are not finite either. */
int inv_skip_step(struct inv_session *, struct inv_pass *, const struct inv_bad_rows *);
/* INV_NOT_FINITE, with an error, where all steps of a pass were left out. */
int inv_skip_check(struct inv_session *, const struct inv_pass *);

/* order.c: which rows step `step` takes, and of them a shard. */
struct inv_order {
    int64_t rows, batch, per_epoch;     /* of the training part, of a step; steps in an epoch */
    int64_t shards;                     /* of a step; 1: batches are not cut */
    int64_t epoch, next_epoch;          /* that `row` and `next` are the orders of; -1: of none */
    int32_t *row, *next;                /* next: or NULL */
};
void inv_order_begin(const struct inv_session *, struct inv_order *);
/* How long training is, by options and model; sets run.steps.  0 after an error. */
int inv_order_steps(struct inv_session *, const struct inv_order *, int64_t *steps,
                    int64_t *epochs);
/* Makes `row` the rows of an epoch, in its order. */
void inv_order_arrange(const struct inv_session *, struct inv_order *, int64_t epoch);
/* What the decoder may go on with when the epoch at hand is done: makes s->follow the rows of the
 * val part and of epoch `next`, -1: of none. */
void inv_order_follow(struct inv_session *, struct inv_order *, int64_t next);
/* Arranges the epoch of a step and sets run.rows, .first_row, .batch, .step and .epoch as of a
 * shard of its batch; where in the epoch's order that batch begins. */
int64_t inv_order_find(struct inv_session *, struct inv_order *, int64_t step, int64_t shard);
/* Also puts its rows into the inputs; the other augments.  An empty one leaves the inputs as they
 * were. */
void inv_order_gather(struct inv_session *, struct inv_order *, int64_t step, int64_t shard);
void inv_order_batch(struct inv_session *, struct inv_order *, int64_t step, int64_t shard);
void inv_order_free(struct inv_order *);

/* shards.c: INV_TRAIN over the shards of a step (numerics.md, section 5.2), as many at a time as
 * there are lanes; of several ranks each has some of them. */
struct inv_lane {                       /* in which a shard is computed */
    struct inv_pool *pool;              /* its threads */
    struct inv_run run;                 /* of its shard */
};
struct inv_shards {                     /* set s, order and pass, zero the rest */
    struct inv_session *s;
    struct inv_order *order;
    struct inv_pass *pass;              /* with shards: takes what rankings keep of each */
    unsigned char *totals;              /* with shards: the accumulators before the step */
    int summed;                         /* all shards of the last step had finite losses */
    struct inv_lane *lane;
    struct inv_exchange exchange;
    struct inv_rank_check check;
};
/* How many shards at a time the options ask for, of those that this rank has. */
int inv_shards_lanes(const struct inv_session *);
void inv_shards_begin(struct inv_shards *);
/* Whether the loss of the step, *loss, is finite: then the sums are those of all shards, and
 * run.rows the batch's.  Else totals are as they were, and the first shard whose loss is not finite
 * is at hand, or check.differs. */
int inv_shards_train(struct inv_shards *, int64_t step, float *loss);
/* After a pass on a device that this step has stopped: the shard of its run is at hand. */
void inv_shards_stopped(struct inv_shards *, int64_t step);
/* Of several ranks: what the one that sends most sent in a step, and from how many partial sums. */
void inv_shards_log(struct inv_shards *);
void inv_shards_free(struct inv_shards *);

/* trainer.c: 0 where options or model do not allow for what is asked; an error then says why. */
int inv_session_fits(struct inv_session *);
/* Does what the options ask for, in a thread with the stack that the model needs: the exit
 * status. */
int inv_session_run(struct inv_session *);
/* What a run that was broken off has left. */
void inv_session_free(struct inv_session *);

/* parts.c, once data are read: 0, and an error, where a part that this run needs has no rows. */
int inv_parts_check(struct inv_session *);
/* outputs.c: chooses `out`; 0 after an error.  start: the weights that are read, or NULL; weights:
 * where the trained ones go, or NULL where nothing is trained. */
int inv_outputs_claim(struct inv_session *, const char *start, const char *weights);

/* train.c, predict.c, generate.c, dump.c, check_gradients.c: the exit status. */
int inv_train(struct inv_session *);
int inv_predict(struct inv_session *);
int inv_generate(struct inv_session *);
/* Whether a file can take the place of the model's own data, and is there; else an error. */
int inv_session_reads(struct inv_session *, const char *path);
/* resume.c: finds the file of --resume, which the session then holds open; 0 after an error. */
int inv_resume_find(struct inv_session *);
/* For --verify: the sound one that it names or, `several`, those of FILE, FILE.1 ..., ascending by
 * their steps; 0 after an error, or where there is none. */
int inv_resume_left(struct inv_session *, int several, struct inv_left **, int *count);
/* pass.c: makes the arena, which begins at a multiple of 64 and is freed as `memory`, with what is
 * of a shard once more for each lane but the first; run.aside of lane number `lane`. */
void inv_session_arena(struct inv_session *);
int64_t inv_session_aside(const struct inv_model *, int lane);
/* Opens the file of --predict or --evaluate. */
int inv_session_feed(struct inv_session *, struct inv_feed *, const char *path, int inputs_only);
int inv_dump(struct inv_session *, int64_t step);
/* The gradients of step 0 beside central differences of its loss. */
int inv_check_gradients(struct inv_session *);

#endif
