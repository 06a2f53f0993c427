/* ROW groups: stages of loops over a row. */
#ifndef INVAR_EMIT_ROW_H
#define INVAR_EMIT_ROW_H
#include "emit/c/nest.h"

/* How a function walks the rows of a ROW group: in one loop, several at a time, or as a warp. */
struct row_walk {
    const char *how;                    /* for the function's comment: "row by row" */
    bool beside;                        /* several, whose elements of a column are contiguous */
    const char *prefix;                 /* of what reduces a row: "inv_" */
    const char *sync;                   /* lets lanes see each other's elements; NULL: nothing */
    int align;                          /* bytes that arrays begin at a multiple of */
    /* Says how the loops run, the last of which is over the row. */
    void (*open)(struct nest *);
    /* Puts the loops around it but the last around the body. */
    void (*wrap)(struct nest *, const struct code *body, struct code *);
    /* The declaration of an array of the row's length; function.row_bytes is what all take. */
    const char *(*array)(struct function *, enum dtype, const char *name, int64_t length);
};

/* One loop over the rows, and loops over each; the same over INV_BESIDE of them. */
extern const struct row_walk row_loops, row_beside;
/* How it walks them. */
const struct row_walk *row_emit(struct function *, const struct shape *space, struct code *);

#endif
