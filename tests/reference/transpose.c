/* Axis i of the result is axis perm[i] of the operand */
#include "reference.h"

void compute_transpose(const struct call *c)
{
    int64_t to[AXES], from[AXES];
    for (int64_t e = 0; e < c->y->count; e++) {
        index_of(c->y, e, to);
        for (int i = 0; i < c->y->rank; i++)
            from[c->node->perm[i]] = to[i];
        copy_element(c->y, e, c->x[0], element_of(c->x[0], from));
    }
}
