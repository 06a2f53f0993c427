/* For element i and tap k what stands at window o and k, where i = start + o * step + k * (step of
 * k's axis) for one of the windows, else +0.  Steps are 0 on all other axes. */
#include "reference.h"

void compute_unwindow(const struct call *c)
{
    const struct node *n = c->node;
    int64_t index[AXES];
    int first = 0, axes = 0;
    while (n->step[first] == 0)
        first++;
    while (first + 2 * axes < c->y->rank && n->step[first + 2 * axes] != 0)
        axes++;
    for (int64_t e = 0; e < c->y->count; e++) {
        bool seen = true;
        index_of(c->y, e, index);
        for (int i = first; i < first + axes; i++) {
            int64_t from = index[i] - n->start[i] - index[i + axes] * n->step[i + axes];
            index[i] = from / n->step[i];
            seen = seen && from >= 0 && from % n->step[i] == 0 && index[i] < c->x[0]->dim[i];
        }
        if (seen)
            copy_element(c->y, e, c->x[0], element_of(c->x[0], index));
    }
}
