/* The minimum over the last axis, NaN where one is in it */
#include "reference.h"

void compute_row_min(const struct call *c)
{
    const struct tensor *x = c->x[0];
    int64_t size = x->dim[x->rank - 1];
    for (int64_t e = 0; e < c->y->count; e++) {
        float best = x->real[e * size];
        for (int64_t i = 1; i < size; i++)
            best = minimum(best, x->real[e * size + i]);
        c->y->real[e] = best;
    }
}
