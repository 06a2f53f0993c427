/* Which steps of a receipt's run are run again: all of them, or stretches that begin at checkpoints
 * the run left. */
#ifndef INV_HOST_STRETCH_H
#define INV_HOST_STRETCH_H
#include "checkpoint.h"

/* Steps [first, end); `from` is the checkpoint they begin at, NULL for the run's own beginning;
 * `to` is that of step `end`, or NULL where there is none. */
struct inv_stretch {
    int64_t first, end, stop;           /* stop: `end`, but where the run ends of itself */
    const struct inv_left *from, *to;
};

struct inv_stretches {
    struct inv_left *left;              /* by their steps, ascending */
    int left_count;
    struct inv_stretch *list;           /* ascending */
    int count;
};

/* Finds checkpoints, chooses stretches and tells of a sample; 0 after an error. */
int inv_stretches_plan(struct inv_session *, struct inv_stretches *);
void inv_stretches_free(struct inv_stretches *);
/* Goes to the stretch's beginning, or checks its end: the exit status, INV_MISMATCH once
 * "mismatch: ..." has been said. */
int inv_stretch_begin(struct inv_checkpoint *, const struct inv_stretch *);
int inv_stretch_end(struct inv_checkpoint *, const struct inv_stretch *);

#endif
