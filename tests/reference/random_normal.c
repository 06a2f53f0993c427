/* Mean 0, deviation 1 */
#include "reference.h"

void compute_random_normal(const struct call *c)
{
    for (int64_t e = 0; e < c->y->count; e++) {
        struct draw d = draw_of(c, e);
        c->y->real[e] = random_normal(c->at->key, d.element, d.moment, d.stream);
    }
}
