/* Axes seen through windows: tap k of window o is element start + o * step + k * (step of k's
 * axis); outside of the axis stands the value.  Steps are 0 on all other axes. */
#include "reference.h"

void compute_window(const struct call *c)
{
    const struct node *n = c->node;
    int64_t index[AXES], inner[AXES];
    int axes = c->y->rank - c->x[0]->rank, first = 0;
    while (n->step[first] == 0)
        first++;
    for (int64_t e = 0; e < c->y->count; e++) {
        bool inside = true;
        index_of(c->y, e, index);
        for (int i = 0; i < c->x[0]->rank; i++) {
            inner[i] = index[i < first ? i : i + axes];
            if (i >= first && i < first + axes)
                inner[i] = n->start[i] + index[i] * n->step[i] +
                           index[i + axes] * n->step[i + axes];
            inside = inside && inner[i] >= 0 && inner[i] < c->x[0]->dim[i];
        }
        if (inside)
            copy_element(c->y, e, c->x[0], element_of(c->x[0], inner));
        else
            c->y->real[e] = n->value;
    }
}
