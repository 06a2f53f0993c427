/* Weights that a program carries in itself, and the names that belong to them. */
#ifndef INV_HOST_TRAINED_H
#define INV_HOST_TRAINED_H
#include "invar.h"
#include "errors.h"
#include "fitted.h"

struct inv_trained {
    const char *name;                   /* of the file that the weights were, for messages */
    const unsigned char *weights, *weights_end; /* that file (safetensors) */
    const unsigned char *fields, *fields_end; /* that of names beside it (fields.h); empty: there is
                                         * none */
};

/* Puts weights into the arena and their names into `fitted`: those of the file `path`, or those
 * that are carried where that is NULL; a program without such gives NULL for them.  digest: SHA-256
 * of the weights.  0 after an error. */
int inv_trained_load(const struct inv_trained *, const char *path, const struct inv_model *,
                     unsigned char *arena, struct inv_fitted *, char digest[65],
                     struct inv_errors *);

#endif
