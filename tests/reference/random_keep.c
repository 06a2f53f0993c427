/* False with the probability of dropping */
#include "reference.h"

void compute_random_keep(const struct call *c)
{
    for (int64_t e = 0; e < c->y->count; e++) {
        struct draw d = draw_of(c, e);
        uint32_t word = random_word(c->at->key, d.element, d.moment, d.stream);
        c->y->whole[e] = word >= (uint64_t)((double)c->node->probability * 0x1p+32);
    }
}
