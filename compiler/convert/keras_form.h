/* What Keras calls a parameter or buffer, and where it has its elements. */
#ifndef INVAR_KERAS_FORM_H
#define INVAR_KERAS_FORM_H
#include "graph/program.h"
#include "host/tensors.h"

enum { KERAS_WEIGHTS = 5 };              /* of a layer, at most */

/* Of a recurrent layer an array of Keras holds several parameters, and gates in another order:
 * `gates` of them (else 0), each of `units` columns; the parameter's begin with gate number `first`
 * here, in row `row` there. */
struct keras_form {
    const char *layer, *name;           /* "stage_0_dense1", "kernel"; layer NULL: no layer of Keras
                                         * has such a weight */
    int number;                         /* its place among the layer's, which may leave out some */
    int rank;
    int64_t dim[INV_RANK];              /* of the array there */
    int gates, own, first;              /* own: of the parameter */
    const int *order;                   /* gate number g here is number order[g] there */
    int64_t units, row;
};

struct keras_form keras_form(const struct program *, const struct variable *);
/* Which element of the array there is element e here. */
int64_t keras_form_element(const struct keras_form *, int64_t e);

#endif
