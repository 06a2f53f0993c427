/* The sum over the middle axis of three, or over the axes named, row-major */
#include "reference.h"

void compute_column_sum(const struct call *c)
{
    const struct tensor *x = c->x[0];
    int64_t over = c->node->over ? c->node->over : 2, rows = 1, columns = 1;
    for (int i = 0; i < x->rank; i++)
        if (over >> i & 1)
            rows *= x->dim[i];
        else if (over >> i == 0)
            columns *= x->dim[i];
    for (int64_t e = 0; e < c->y->count; e++)
        c->y->real[e] = column_sum(x->real + e / columns * rows * columns + e % columns, columns,
                                   rows);
}
