/* What the last turn kept */
#include "reference.h"

void compute_last(const struct call *c)
{
    for (int64_t e = 0; e < c->y->count; e++)
        copy_element(c->y, e, c->x[0], e);
}
