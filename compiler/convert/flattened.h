/* Where networks of others, whose images have their channels first, would have another order. */
#ifndef INVAR_FLATTENED_H
#define INVAR_FLATTENED_H
#include "graph/program.h"

/* Whether what the variable is multiplied with is an image, made by windows (conv2d, max_pool ...),
 * that was flattened with its channels last; what turns it to channels first, as `transpose` takes
 * it: "[2, 0, 1]"; else NULL.  The program's phase predict, else train, is looked at. */
const char *flattened_image(const struct program *, const struct variable *);

#endif
