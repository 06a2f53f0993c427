/* Uniform in [0, 1) */
#include "reference.h"

void compute_random_uniform(const struct call *c)
{
    for (int64_t e = 0; e < c->y->count; e++) {
        struct draw d = draw_of(c, e);
        c->y->real[e] = uniform_of(random_word(c->at->key, d.element, d.moment, d.stream));
    }
}
