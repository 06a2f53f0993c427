/* x^n, n whole, by binary exponentiation */
#include "reference.h"

static float power(float x, int32_t n)
{
    float result = 1.0f, base = x;
    for (int64_t left = n < 0 ? -(int64_t)n : n; left != 0; left /= 2) {
        if (left % 2 == 1)
            result = result * base;
        base = base * base;
    }
    return n < 0 ? 1.0f / result : result;
}

void compute_powi(const struct call *c)
{
    const struct tensor *a = c->x[0], *b = c->x[1], *y = c->y;
    for (int64_t e = 0; e < y->count; e++)
        y->real[e] = power(a->real[broadcast_element(a, y, e)],
                           b->whole[broadcast_element(b, y, e)]);
}
