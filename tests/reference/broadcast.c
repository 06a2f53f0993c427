/* Elements repeated along axes of 1 and new leading axes */
#include "reference.h"

void compute_broadcast(const struct call *c)
{
    for (int64_t e = 0; e < c->y->count; e++)
        copy_element(c->y, e, c->x[0], broadcast_element(c->x[0], c->y, e));
}
