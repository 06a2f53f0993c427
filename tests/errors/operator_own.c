/* twice(x: f32[n], w: f32) -> f32[n]: no gradient of w. */
#include "core/arith.h"

INV_FN void twice(float *out, const float *x, const float *w, inv_index n)
{
    for (inv_index i = 0; i < n; i++)
        out[i] = *w * x[i];
}

INV_FN void twice_gradient_x(float *out, const float *x, const float *w, const float *result,
                             const float *gradient, inv_index n)
{
    (void)x, (void)result;
    for (inv_index i = 0; i < n; i++)
        out[i] = *w * gradient[i];
}
