/* Products over the middle axis, in order from its first element or its last */
#include "reference.h"

void compute_cumprod(const struct call *c)
{
    const struct tensor *x = c->x[0];
    int64_t n = x->dim[1], columns = x->dim[2];
    for (int64_t e = 0; e < x->count; e++) {
        int64_t i = e / columns % n;
        int64_t begin = c->node->reverse ? e + (n - 1 - i) * columns : e - i * columns;
        float product = x->real[begin];
        while (begin != e) {
            begin += c->node->reverse ? -columns : columns;
            product = product * x->real[begin];
        }
        c->y->real[e] = product;
    }
}
