/* What of a value depends on places of a text that come later than the one at hand.
 *
 * Places have the numbers 0 .. places - 1 along an axis, or a factor of one, of the value: element
 * e is of place e / stride mod places.  A value is clean where it depends on no later place. */
#ifndef INVAR_LATER_H
#define INVAR_LATER_H
#include "graph/graph.h"

enum {
    LATER = 1,          /* an element may depend on what stands at its own place, if later */
    NOUGHT = 2,         /* clean, and at later places false, 0 or NaN */
    NUMBERS = 4,        /* clean: each element is the number of its place */
    AT_HAND = 8         /* clean: each element is the number of the place at hand; no stride */
};

struct later { unsigned marks; int64_t stride; };

/* Where in a shape such places lie: places * inner divides the extent of the axis. */
struct cut { int axis; int64_t inner; };

bool cut_find(const struct shape *, int64_t stride, int64_t places, struct cut *);
int64_t cut_stride(const struct shape *, struct cut);

/* Of the node, those of its operands being known, by their ids.  False: it mixes what is later with
 * what is not. */
bool later_of(const struct graph *, const struct node *, int64_t places, const struct later *known,
              struct later *result);

#endif
