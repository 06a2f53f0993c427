/* Plain operations on floats, as no kernel of Invar's spells them: what nvcc makes of them shows
 * whether it was told to keep each as it is. */
#include "core/arith.h"

__global__ void canary(const float *x, float *out)
{
    out[0] = x[0] * x[1] + x[2];
    out[1] = x[0] / x[1];
    out[2] = sqrtf(x[2]);
    out[3] = 1.0f / x[3];
    out[4] = x[3] - x[4] * x[5];
    out[5] = inv_from_bits(inv_canary());
}
