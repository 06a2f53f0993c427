/* The trainer's command line. */
#ifndef INV_HOST_OPTIONS_H
#define INV_HOST_OPTIONS_H
#include <stddef.h>
#include <stdint.h>
#include "core/sha256.h"
#include "errors.h"

/* How often something is done: "100", "100steps", "2epochs", "30s", "10min", "5%" of the run. */
enum inv_unit { INV_STEPS, INV_EPOCHS, INV_SECONDS, INV_PERCENT };
struct inv_every {
    int64_t count;                      /* 0: not given */
    enum inv_unit unit;
};

/* Steps first to last, both of them; last -1: not given. */
struct inv_steps { int64_t first, last; };
/* How many stretches between checkpoints, drawn by a seed or by any; 0: not given. */
struct inv_sample {
    int64_t count;
    uint64_t seed;
    int seeded;
};

enum { INV_CHECKPOINTS = 100 };         /* of --checkpoint-keep, at most; help names it */

struct inv_options {
    const char *data, *init, *save_init, *weights, *log, *on_nan, *receipt, *verify, *summary;
    const char *rows;
    const char *checkpoint, *resume;
    const char *trace, *trace_place, *inject;
    const char *evaluate, *predict;     /* a file; "": the model's own data; NULL: not asked for */
    const char *generate;               /* the prompt; "": the model's; NULL: not asked for */
    const char *part, *output, *format, *keep;
    int64_t epochs, steps, threads, log_every, seed, dump_batch, device, receipt_every, check_ranks;
    int64_t shards_at_once;
    int64_t length, top_k;
    float temperature;
    int64_t checkpoint_keep;            /* -1, as above: not given */
    int64_t memory_limit, rows_memory;  /* bytes */
    struct inv_every checkpoint_every;
    struct inv_steps range, trace_steps; /* of --steps A..B, --trace-steps A..B */
    struct inv_sample sample;
    uint64_t given;                     /* bit i: the option in row i of the table */
    uint64_t seed_value;
    struct inv_sha256 said;             /* of what was given, but for what ranks may
                                         * have unlike */
    int resume_anyway, trace_only, log_norms, profile, check_gradients, quiet, plain, update_lock;
    int selftest, version, verbose, help;
};

/* 0 where the arguments are wrong; then the errors have been reported.  without: of a library, the
 * names of options that are for programs, behind the last NULL; of a program NULL. */
int inv_options_read(struct inv_options *, int argc, char **argv, const char *const *without,
                     struct inv_errors *);
/* The first of these options that was given, or NULL. */
const char *inv_options_given(const struct inv_options *, const char *const *name, size_t count);
/* Of the options in which several ranks of a run must agree. */
void inv_options_digest(const struct inv_options *, char digest[65]);
/* Whether the run is for training, and not for using what was trained. */
int inv_options_train(const struct inv_options *);
/* Whether a number of steps bounds training, and not of epochs; model_steps: the model's, or 0. */
int inv_options_by_steps(const struct inv_options *, int64_t model_steps);
/* Whether the steps of training are chained by hashes. */
int inv_options_chained(const struct inv_options *);
/* Whether only some steps of a receipt are run again. */
int inv_options_partly(const struct inv_options *);
/* Whether there is no line of progress, on a terminal neither. */
int inv_options_plain(const struct inv_options *);
/* How many checkpoints stay. */
int inv_options_checkpoints(const struct inv_options *);
/* The file that --rows names, or NULL. */
const char *inv_options_rows(const struct inv_options *);
/* The file that --predict or --evaluate names, or NULL. */
const char *inv_options_file(const struct inv_options *);
void inv_options_help(FILE *, const char *program, const char *model);

#endif
