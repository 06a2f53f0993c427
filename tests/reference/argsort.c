/* Where elements stand in order: behind those smaller, and equal ones before them; NaN last */
#include <math.h>
#include "reference.h"

static bool stands_before(float a, float b, bool earlier, bool reverse)
{
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b) ? earlier : !isnan(a);
    return a == b ? earlier : (a < b) != reverse;
}

void compute_argsort(const struct call *c)
{
    const struct tensor *x = c->x[0];
    int64_t n = x->dim[1], columns = x->dim[2];
    for (int64_t e = 0; e < x->count; e++) {
        int64_t i = e / columns % n, first = e - i * columns, place = 0;
        for (int64_t k = 0; k < n; k++)
            place += stands_before(x->real[first + k * columns], x->real[e], k < i,
                                   c->node->reverse);
        c->y->whole[first + place * columns] = (int32_t)i;
    }
}
