/* invar sweep: a model trained for every combination of values of its consts and seeds, some runs
 * at a time, and a table of what came out.  A folder keeps a log and the weights of each run; a run
 * whose log is there, of this model and finished, is not trained again.  Of several sweeps that
 * mpirun started, each trains every so manieth run, and the first finds what the others trained in
 * the folder. */
#ifndef INVAR_REPORT_SWEEP_H
#define INVAR_REPORT_SWEEP_H
#include "graph/program.h"

struct build_options;

struct sweep_request {
    const char *const *define;          /* NAME=VALUE,VALUE,.. of -D */
    int define_count;
    const char *seeds;                  /* "1..5", "1,4,9", or NULL: the model's own */
    const char *folder;
    const char *jobs;                   /* how many train at a time, or NULL: one */
    char **rest;                        /* the trainer's options, from 1 on */
    int rest_count;
};

struct sweep;

/* NULL after an error. */
struct sweep *sweep_new(struct arena *, const struct sweep_request *);
int sweep_count(const struct sweep *);
/* NAME=VALUE of run `number`, as many as there were. */
const char *const *sweep_define(const struct sweep *, int number);
/* Whether that run is to begin here; else whether this is the first of several, which gets it. */
bool sweep_begins(const struct sweep *, int number);
bool sweep_gets(const struct sweep *, int number);
/* Begins that run of the program, or takes it from its log, and waits while `jobs` train; frees the
 * program when the run is done.  Lines are printed in the order of runs, with several sweeps as
 * they are done.  False: a run failed, or a signal came, and no other is to begin. */
bool sweep_begin(struct sweep *, int number, struct program *, const struct build_options *);
/* Waits until the run of the program was trained elsewhere.  False: a signal came, or a run failed
 * there. */
bool sweep_get(struct sweep *, int number, struct program *);
/* Waits for all that have begun, but ends those behind one that failed; the first status that is
 * not 0, but for that of a loss that is not finite, which ends its run only. */
int sweep_wait(struct sweep *);
/* The program of that run cannot be compiled: sweeps that share the runs end. */
void sweep_refuse(struct sweep *, int number);
/* Writes FOLDER/sweep.csv, the best run first, unless another sweep does; the exit status, where
 * runs came to that one. */
int sweep_end(struct sweep *, int status);

#endif
