/* Not equal; true where an operand is NaN */
#include "reference.h"

static int32_t ne_real(float a, float b)
{
    return a != b;
}

static int32_t ne_whole(int32_t a, int32_t b)
{
    return a != b;
}

static int32_t ne_wide(int64_t a, int64_t b)
{
    return a != b;
}

void compute_ne(const struct call *c)
{
    map_relation(c, &(struct relation){ne_real, ne_whole, ne_wide});
}
