/* The index along an axis */
#include "reference.h"

void compute_position(const struct call *c)
{
    int64_t index[AXES];
    for (int64_t e = 0; e < c->y->count; e++) {
        index_of(c->y, e, index);
        c->y->whole[e] = (int32_t)index[c->node->axis];
    }
}
