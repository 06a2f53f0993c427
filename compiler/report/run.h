/* A run as its log tells it. */
#ifndef INVAR_REPORT_RUN_H
#define INVAR_REPORT_RUN_H
#include "report/entry.h"

enum pace { BY_EPOCH, BY_STEP, PACES };
extern const char *const run_pace[PACES]; /* "epoch", "step": the key in a line */

/* A number that lines of the log repeat. */
struct series {
    const char *key;                    /* "val.loss" */
    const char *name;                   /* "loss" */
    const char *part;                   /* "val", or "" where the key says none */
    enum pace pace;
    double *x, *y;                      /* epochs from 1 or steps from 0, ascending; NaN: null */
    int count, room, y_room;
};

struct run {
    const char *path, *name;            /* name: of the file, without folder and .jsonl */
    struct entry first;                  /* the environment */
    struct entry *epoch, *other;         /* other: files, results, kept weights */
    int epoch_count, epoch_room, other_count, other_room;
    int before;                         /* lines of other before the environment came again */
    struct series *series;
    int series_count, series_room;
    const char *weights;                /* the hash of the trained weights, or NULL */
    bool not_finite;                    /* it ended by such a loss */
};

/* Reads the log; false after an error. */
bool run_read(struct arena *, struct inv_errors *, const char *path, struct run *);
/* A text or number of the first line, or "". */
const char *run_fact(const struct run *, const char *key);
const struct series *run_series(const struct run *, enum pace, const char *key); /* or NULL */

#endif
