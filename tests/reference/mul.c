/* Product, one rounding; whole numbers wrap */
#include "reference.h"

static float mul_real(float a, float b)
{
    return a * b;
}

static int32_t mul_whole(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a * (uint32_t)b);
}

static int64_t mul_wide(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

void compute_mul(const struct call *c)
{
    map_binary(c, &(struct binary){.real = mul_real, .whole = mul_whole, .wide = mul_wide});
}
