/* A normal within two deviations: the first of nine draws that is, else the last one clipped */
#include <math.h>
#include "reference.h"

static float within_two(const uint32_t key[2], struct draw d)
{
    float z = 0.0f;
    for (uint64_t draw = 0; draw < 9; draw++) {
        z = random_normal(key, d.element, d.moment + (draw << 56), d.stream);
        if (fabsf(z) <= 2.0f)
            return z;
    }
    return copy_sign(2.0f, z);
}

void compute_random_truncated_normal(const struct call *c)
{
    for (int64_t e = 0; e < c->y->count; e++)
        c->y->real[e] = within_two(c->at->key, draw_of(c, e));
}
