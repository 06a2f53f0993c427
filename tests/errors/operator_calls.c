#include "core/arith.h"

INV_FN void many(float *out, const float *x, const float *w, inv_index n, inv_index m)
{
    for (inv_index i = 0; i < n; i++)
        out[i] = x[i] * w[i % m];
}
