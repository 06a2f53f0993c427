/* Sum, one rounding; whole numbers wrap */
#include "reference.h"

static float add_real(float a, float b)
{
    return a + b;
}

static int32_t add_whole(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

static int64_t add_wide(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

void compute_add(const struct call *c)
{
    map_binary(c, &(struct binary){.real = add_real, .whole = add_whole, .wide = add_wide});
}
