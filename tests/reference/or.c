/* At least one true */
#include "reference.h"

static int32_t or_whole(int32_t a, int32_t b)
{
    return a != 0 || b != 0;
}

void compute_or(const struct call *c)
{
    map_binary(c, &(struct binary){.whole = or_whole});
}
