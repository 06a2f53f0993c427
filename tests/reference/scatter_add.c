/* g added to +0 where take read, reads ascending */
#include "reference.h"

void compute_scatter_add(const struct call *c)
{
    const struct tensor *g = c->x[0], *which = c->x[1], *y = c->y;
    int64_t from[AXES];
    for (int64_t e = 0; e < g->count; e++) {
        index_of(g, e, from);
        int64_t at = which->whole[from[0] * which->dim[1] + from[1]];
        from[1] = at < 0 ? 0 : at >= y->dim[1] ? y->dim[1] - 1 : at;
        int64_t to = element_of(y, from);
        y->real[to] = y->real[to] + g->real[e];
    }
}
