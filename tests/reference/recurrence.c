/* out = a * (the element before) + b in one rounding, along the middle axis */
#include <math.h>
#include "reference.h"

void compute_recurrence(const struct call *c)
{
    const float *a = c->x[0]->real, *b = c->x[1]->real;
    float *y = c->y->real;
    int64_t n = c->y->dim[1], columns = c->y->dim[2];
    for (int64_t line = 0; line < c->y->count / n; line++) {
        int64_t first = line / columns * n * columns + line % columns;
        for (int64_t i = 0; i < n; i++) {
            int64_t e = first + (c->node->reverse ? n - 1 - i : i) * columns;
            int64_t before = c->node->reverse ? e + columns : e - columns;
            y[e] = i == 0 ? b[e] : fmaf(a[e], y[before], b[e]);
        }
    }
}
