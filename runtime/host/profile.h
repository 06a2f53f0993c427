/* Where the time of training steps goes (--profile): the seconds of each group of the phases that a
 * step runs, by the lines of the model file that it is made of.  What lies between groups - rows of
 * the batch, reports, checkpoints, the val part - is the rest of the run.  The groups of a band
 * (docs/internals.md) run together and are one.  Clocks are read only where it is asked for, and
 * decide nothing. */
#ifndef INV_HOST_PROFILE_H
#define INV_HOST_PROFILE_H
#include "session.h"

struct inv_profiled;

struct inv_profile {
    struct inv_profiled *of[INV_PHASES]; /* by the numbers of steps */
    int count[INV_PHASES];
    enum inv_phase phase;               /* at hand, */
    double last;                        /* since when its group runs */
    double begin;                       /* of training */
    int64_t steps;
};

void inv_profile_begin(struct inv_profile *);
/* Groups that s->run runs from here to inv_profile_pause are timed. */
void inv_profile_step(struct inv_profile *, struct inv_session *);
void inv_profile_pause(struct inv_session *);
/* Prints the table to s->out. */
void inv_profile_print(const struct inv_profile *, const struct inv_session *);
void inv_profile_free(struct inv_profile *);

#endif
