/* A box of the elements, from start on each axis */
#include "reference.h"

void compute_slice(const struct call *c)
{
    int64_t index[AXES];
    for (int64_t e = 0; e < c->y->count; e++) {
        index_of(c->y, e, index);
        for (int i = 0; i < c->y->rank; i++)
            index[i] += c->node->start[i];
        copy_element(c->y, e, c->x[0], element_of(c->x[0], index));
    }
}
