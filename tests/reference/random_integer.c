/* Whole numbers 0 .. n - 1 */
#include "reference.h"

void compute_random_integer(const struct call *c)
{
    for (int64_t e = 0; e < c->y->count; e++) {
        struct draw d = draw_of(c, e);
        uint32_t word = random_word(c->at->key, d.element, d.moment, d.stream);
        c->y->whole[e] = (int32_t)integer_of(word, (uint32_t)c->node->whole);
    }
}
