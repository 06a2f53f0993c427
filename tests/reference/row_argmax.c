/* The index of the first NaN of the last axis, else of the first maximum; -0 and +0 tie */
#include <math.h>
#include "reference.h"

static int32_t first_best(const float *x, int64_t size)
{
    int64_t best = 0;
    for (int64_t i = 0; i < size; i++)
        if (isnan(x[i]))
            return (int32_t)i;
    for (int64_t i = 1; i < size; i++)
        if (x[i] > x[best])
            best = i;
    return (int32_t)best;
}

void compute_row_argmax(const struct call *c)
{
    const struct tensor *x = c->x[0];
    int64_t size = x->dim[x->rank - 1];
    for (int64_t e = 0; e < c->y->count; e++)
        c->y->whole[e] = first_best(x->real + e * size, size);
}
