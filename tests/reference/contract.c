/* Contraction over the last axes of a and the first of b, row-major: fma chains in chunks of 256;
 * where grouped, for each place along the axis before those of a, which is b's first */
#include <math.h>
#include "reference.h"

void compute_contract(const struct call *c)
{
    const struct tensor *a = c->x[0], *b = c->x[1];
    int first = c->node->grouped;
    int64_t k = 1, n = 1, groups = first ? b->dim[0] : 1;
    for (int i = first; i < b->rank; i++)
        *(i < first + c->node->axes ? &k : &n) *= b->dim[i];
    for (int64_t e = 0; e < c->y->count; e++) {
        const float *left = a->real + e / n * k, *right = b->real + e / n % groups * k * n + e % n;
        float sum = 0.0f;
        for (int64_t p = 0; p < k; p += 256) {
            float chunk = 0.0f;
            for (int64_t q = p; q < p + 256 && q < k; q++)
                chunk = fmaf(left[q], right[q * n], chunk);
            sum = sum + chunk;
        }
        c->y->real[e] = sum;
    }
}
