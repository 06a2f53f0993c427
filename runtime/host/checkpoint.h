/* Checkpoints of a run: when one is written, and what a signal then means.  What is in the file:
 * checkpoint_file.h. */
#ifndef INV_HOST_CHECKPOINT_H
#define INV_HOST_CHECKPOINT_H
#include "session.h"

struct inv_checkpoint {                 /* set s to steps, zero the rest */
    struct inv_session *s;
    const struct inv_order *order;
    struct inv_pass *pass;              /* over the train part, of the epoch at hand */
    struct inv_watch *watch;
    struct inv_exchange *exchange;      /* of several ranks */
    struct inv_rank_check *check;       /* whether they agree */
    int64_t steps;                      /* of the run */
    int64_t newest;                     /* step of the newest sound file; -1: there is none */
    double written;                     /* when the last was begun, by inv_progress_clock */
};

/* Before training: whether the file of --checkpoint can be written.  Notes one of an earlier run
 * that this one, which begins, takes the place of.  0 after an error. */
int inv_checkpoint_possible(struct inv_session *);
/* With the run set up for step 0, its pass begun: goes on from the file that --resume found, and
 * sets the step.  From here on signals ask, where checkpoints are written.  0 after an error. */
int inv_checkpoint_begin(struct inv_checkpoint *, int64_t *step);
/* So far steps from `step` on may be done at one time, `end` at most. */
int64_t inv_checkpoint_next(const struct inv_checkpoint *, int64_t step, int64_t end);
/* `step` steps are done; where that ends an epoch, all that belongs to it, too.  Writes where it is
 * time to, or `last`; INV_INTERRUPTED where a signal asked, INV_MISMATCH, and no file, where
 * --check-ranks finds that ranks differ.  A receipt tells of the last epoch, so
 * that a run with one goes on from before its end.  The file is written while the next steps are
 * done; what went wrong is said after one of them, and before this returns where it is the last. */
int inv_checkpoint_after(struct inv_checkpoint *, int64_t step, int last);
/* Waits for the file that is being written; signals end the program again. */
void inv_checkpoint_end(struct inv_checkpoint *);
/* The same for a run that was broken off, of whose file nobody hears. */
void inv_checkpoint_abandon(struct inv_session *);

#endif
