/* Contraction: fma chains in chunks of 256; an operand of rank 2 serves every page */
#include <math.h>
#include "reference.h"

/* One operand: page l, row r, column k of what it is before transposing. */
static float element(const struct tensor *x, bool transposed, int64_t l, int64_t r, int64_t k)
{
    int64_t rows = x->dim[x->rank - 2], columns = x->dim[x->rank - 1];
    int64_t page = x->rank == 3 ? l : 0;
    return x->real[(page * rows + (transposed ? k : r)) * columns + (transposed ? r : k)];
}

static float contract(const struct call *c, int64_t l, int64_t i, int64_t j, int64_t size)
{
    float sum = 0.0f;
    for (int64_t first = 0; first < size; first += 256) {
        float chunk = 0.0f;
        for (int64_t k = first; k < first + 256 && k < size; k++)
            chunk = fmaf(element(c->x[0], c->node->transpose_a, l, i, k),
                         element(c->x[1], c->node->transpose_b, l, k, j), chunk);
        sum = sum + chunk;
    }
    return sum;
}

void compute_matmul(const struct call *c)
{
    const struct tensor *a = c->x[0], *y = c->y;
    int64_t m = y->dim[y->rank - 2], n = y->dim[y->rank - 1];
    int64_t size = a->dim[a->rank - (c->node->transpose_a ? 2 : 1)];
    for (int64_t e = 0; e < y->count; e++)
        y->real[e] = contract(c, e / (m * n), e / n % m, e % n, size);
}
