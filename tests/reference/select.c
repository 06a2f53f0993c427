/* The second operand where the first is true, else the third */
#include "reference.h"

void compute_select(const struct call *c)
{
    const struct tensor *condition = c->x[0], *y = c->y;
    for (int64_t e = 0; e < y->count; e++) {
        bool first = condition->whole[broadcast_element(condition, y, e)] != 0;
        const struct tensor *x = first ? c->x[1] : c->x[2];
        copy_element(y, e, x, broadcast_element(x, y, e));
    }
}
