/* The elements in a larger whole of +0, from start on each axis */
#include "reference.h"

void compute_pad(const struct call *c)
{
    int64_t index[AXES];
    for (int64_t e = 0; e < c->x[0]->count; e++) {
        index_of(c->x[0], e, index);
        for (int i = 0; i < c->y->rank; i++)
            index[i] += c->node->start[i];
        copy_element(c->y, element_of(c->y, index), c->x[0], e);
    }
}
