/* out = limit * u / (1 + |u|), u = x / limit * sharp */
#include "core/arith.h"

INV_FN void softclip(float *out, const float *x, const float *limit, const float *sharp,
                     inv_index n)
{
    for (inv_index i = 0; i < n; i++) {
        float u = x[i] / limit[i] * *sharp;
        out[i] = limit[i] * u / (1.0f + inv_abs(u));
    }
}

INV_FN void softclip_gradient_x(float *out, const float *x, const float *limit, const float *sharp,
                                const float *result, const float *gradient, inv_index n)
{
    (void)result;
    for (inv_index i = 0; i < n; i++) {
        float a = 1.0f + inv_abs(x[i] / limit[i] * *sharp);
        out[i] = gradient[i] * *sharp / (a * a);
    }
}

INV_FN void softclip_gradient_limit(float *out, const float *x, const float *limit,
                                    const float *sharp, const float *result,
                                    const float *gradient, inv_index n)
{
    for (inv_index i = 0; i < n; i++) {
        float u = x[i] / limit[i] * *sharp, a = 1.0f + inv_abs(u);
        out[i] = gradient[i] * (result[i] / limit[i] - u / (a * a));
    }
}

/* out[i] = x[(i + by + places[0]) mod n] */
INV_FN inv_index rotated(inv_index i, const int32_t *places, inv_index by, inv_index n)
{
    return ((i + by + places[0]) % n + n) % n;
}

INV_FN void rotate(float *out, const float *x, const int32_t *places, inv_index n, inv_index by)
{
    for (inv_index i = 0; i < n; i++)
        out[i] = x[rotated(i, places, by, n)];
}

INV_FN void rotate_gradient_x(float *out, const float *x, const int32_t *places,
                              const float *result, const float *gradient, inv_index n,
                              inv_index by)
{
    (void)x, (void)result;
    for (inv_index i = 0; i < n; i++)
        out[rotated(i, places, by, n)] += gradient[i];
}
