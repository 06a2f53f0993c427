/* Sums over the middle axis up to each element, or from each to the last */
#include "reference.h"

void compute_cumsum(const struct call *c)
{
    const struct tensor *x = c->x[0];
    int64_t n = x->dim[1], columns = x->dim[2];
    for (int64_t e = 0; e < x->count; e++) {
        int64_t i = e / columns % n;
        c->y->real[e] =
            c->node->reverse
                ? column_sum(x->real + e + (n - 1 - i) * columns, -columns, n - i)
                : column_sum(x->real + e - i * columns, columns, i + 1);
    }
}
