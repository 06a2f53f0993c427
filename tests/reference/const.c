/* One value for all elements, or a list */
#include "reference.h"

void compute_const(const struct call *c)
{
    const struct node *n = c->node;
    for (int64_t e = 0; e < c->y->count; e++) {
        if (n->type == TYPE_F32)
            c->y->real[e] = n->list ? n->list[e] : n->value;
        else if (n->type == TYPE_I64)
            c->y->wide[e] = n->whole;
        else
            c->y->whole[e] = (int32_t)n->whole;
    }
}
