/*
 * The gradient of an indexed read: per output a plain ascending chain of adds from +0 over the
 * reads that point at it, bit for bit inv_scatter_add of templates/ops/scatter_add.h.
 */
#ifndef INV_CUDA_SCATTER_CUH
#define INV_CUDA_SCATTER_CUH

#include "cuda/launch.cuh"
#include "ops/take.h"

/* What one warp does is a part of a page [n, columns]: 32 columns of one row of it. */
INV_FN int64_t inv_scatter_parts(int64_t n, int64_t columns)
{
    return n * ((columns + INV_WARP - 1) / INV_WARP);
}

/* Part number `part` of out [n, columns], the sum of the rows of g [rows, columns] whose index
 * points at the part's row: the lanes look at 32 indices at a time and add what they find in turn,
 * each to its column. */
INV_DEVICE void inv_scatter_part(float *out, const float *g, const int32_t *index, int64_t n,
                                 int64_t rows, int64_t columns, int64_t part)
{
    int64_t strips = (columns + INV_WARP - 1) / INV_WARP;
    int64_t i = part / strips, c = part % strips * INV_WARP + inv_lane();
    float sum = 0.0f;
    for (int64_t first = 0; first < rows; first += INV_WARP) {
        int64_t r = first + inv_lane();
        bool points = r < rows && inv_take_index(index[r], n) == i;
        unsigned found = __ballot_sync(INV_ALL_LANES, points);
        for (; found != 0; found &= found - 1)
            if (c < columns)
                sum = inv_add(sum, g[(first + __ffs((int)found) - 1) * columns + c]);
    }
    if (c < columns)
        out[i * columns + c] = sum;
}

#endif
