/* Bounds on what a model may become. */
#ifndef INVAR_LOWER_LIMIT_H
#define INVAR_LOWER_LIMIT_H
#include "lower/lower.h"

/* A turn of a `repeat`, or a call of a block, that is being lowered. */
struct within {
    const char *block;                  /* NULL: of a `repeat` */
    struct span span;
    int64_t turn, turns;
    const struct within *outer;
};

/* How much of a phase there may be, and where it stands. */
struct limits {
    int steps;                          /* statements and calls of the phase so far */
    int steps_max, nodes_max;
    bool too_large;                     /* reported; what remains is left out */
    const struct within *within;        /* the innermost */
};

void lower_begin_limits(struct lower *); /* of a phase */
/* The train phase's graph has gradients now, and so many parameters get updates. */
void lower_allow_updates(struct lower *, int parameters);
/* Counts a statement or call, before it is lowered.  False, after an error, where the model has
 * become too large: then nothing more is lowered. */
bool lower_step(struct lower *, struct frame *, struct span);

#endif
