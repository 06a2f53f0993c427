/* Norms for the log, of each parameter at each logged step: of its gradient, of its update - the
 * new value minus the old - and of itself, as it is after the update; and of all gradients and all
 * updates.  A model whose update is apart has gradients in memory (docs/internals.md).
 *
 * A norm is the square root of a sum of squares in binary64.  A square is exact there; eight chains
 * take every eighth element and are added up in their order, and so are the sums of parameters in
 * the order of their paths; the sum is rounded to binary32, and so is its root (docs/numerics.md,
 * section 5): the same bits everywhere. */
#ifndef INV_HOST_NORMS_H
#define INV_HOST_NORMS_H
#include "gradients.h"
#include "log.h"

struct inv_norms {
    struct inv_gradient *of;            /* in the order of their paths; NULL: no norms are wanted */
    int count;
    unsigned char *before;              /* parameters and buffers, before the update */
};

/* 0 after an error. */
int inv_norms_begin(struct inv_norms *, const struct inv_model *, struct inv_errors *);
/* Before INV_UPDATE of a step that will be logged. */
void inv_norms_before(struct inv_norms *, const struct inv_model *, const struct inv_run *);
/* After it: members of the line at hand. */
void inv_norms_log(const struct inv_norms *, const struct inv_run *, struct inv_log *);
void inv_norms_free(struct inv_norms *);

#endif
