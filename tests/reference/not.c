/* True becomes false */
#include "reference.h"

static int32_t not_whole(int32_t a)
{
    return a == 0;
}

void compute_not(const struct call *c)
{
    map_unary(c, &(struct unary){.whole = not_whole});
}
