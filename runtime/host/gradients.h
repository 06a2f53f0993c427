/* Gradients that lie in memory between INV_TRAIN and INV_UPDATE, where the update is apart
 * (docs/internals.md). */
#ifndef INV_HOST_GRADIENTS_H
#define INV_HOST_GRADIENTS_H
#include "errors.h"
#include "invar.h"

/* A parameter that is trained, and its gradient. */
struct inv_gradient { const struct inv_variable *parameter, *gradient; };

/* Those parameters in the order of their paths, in new memory; or NULL, and an error that names the
 * option that asks for them, where the model keeps no gradients. */
struct inv_gradient *inv_gradients(const struct inv_model *, const char *option, int *count,
                                   struct inv_errors *);

#endif
