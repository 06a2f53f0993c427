/* Contraction over the last axes of a and the first of b, row-major: fma chains in chunks of 256 */
#include <math.h>
#include "reference.h"

void compute_contract(const struct call *c)
{
    const struct tensor *a = c->x[0], *b = c->x[1];
    int64_t k = 1, n = 1;
    for (int i = 0; i < b->rank; i++)
        *(i < c->node->axes ? &k : &n) *= b->dim[i];
    for (int64_t e = 0; e < c->y->count; e++) {
        float sum = 0.0f;
        for (int64_t first = 0; first < k; first += 256) {
            float chunk = 0.0f;
            for (int64_t p = first; p < first + 256 && p < k; p++)
                chunk = fmaf(a->real[e / n * k + p], b->real[p * n + e % n], chunk);
            sum = sum + chunk;
        }
        c->y->real[e] = sum;
    }
}
