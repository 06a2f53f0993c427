/* -1 or 1, or x itself where it is a zero or NaN */
#include "reference.h"

static float sign_real(float x)
{
    if (x > 0.0f)
        return 1.0f;
    return x < 0.0f ? -1.0f : x;
}

static int32_t sign_whole(int32_t a)
{
    return (a > 0) - (a < 0);
}

void compute_sign(const struct call *c)
{
    map_unary(c, &(struct unary){.real = sign_real, .whole = sign_whole});
}
