/* Of the rows with an index, the one whose element is largest: the first NaN, else the first */
#include <math.h>
#include "reference.h"

void compute_segment_argmax(const struct call *c)
{
    const struct tensor *x = c->x[0], *which = c->x[1], *y = c->y;
    int64_t rows = x->dim[1], columns = x->dim[2], n = y->dim[1];
    for (int64_t e = 0; e < y->count; e++) {
        int64_t page = e / columns / n, i = e / columns % n, best = -1;
        const float *column = x->real + page * rows * columns + e % columns;
        for (int64_t r = 0; r < rows; r++) {
            int64_t at = which->whole[page * rows + r];
            at = at < 0 ? 0 : at >= n ? n - 1 : at;
            if (at != i)
                continue;
            float value = column[r * columns], held = best < 0 ? 0 : column[best * columns];
            if (best < 0 || value > held || (isnan(value) && !isnan(held)))
                best = r;
        }
        y->whole[e] = (int32_t)best;
    }
}
