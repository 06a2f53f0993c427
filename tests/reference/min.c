/* Smaller operand; NaN where one is NaN, -0 < +0 */
#include "reference.h"

static int32_t min_whole(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int64_t min_wide(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void compute_min(const struct call *c)
{
    map_binary(c, &(struct binary){.real = minimum, .whole = min_whole, .wide = min_wide});
}
