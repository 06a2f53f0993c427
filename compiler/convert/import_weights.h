/* Weights from elsewhere become those of a model. */
#ifndef INVAR_IMPORT_WEIGHTS_H
#define INVAR_IMPORT_WEIGHTS_H
#include "graph/program.h"
#include "host/claims.h"

/* Where a matrix fits as it is and turned round. */
enum weights_layout { LAYOUT_ASK, LAYOUT_OWN, LAYOUT_TORCH };

struct import_weights {
    const char *file, *out;             /* out: a safetensors file as trainers write */
    bool named;                         /* whether `out` was: else no others are written over */
    const char *rest;                   /* weights for what the file lacks, or NULL: it must not */
    const char *const *map;             /* "layer1.*=first.*": the first that fits a name of the
                                         * file says what it is called here */
    int map_count;
    enum weights_layout layout;
    struct inv_claims *claims;
};

/* Prints what was loaded and what was not; the exit status.  Nothing is written after an error. */
int import_weights(struct program *, const struct import_weights *);

#endif
