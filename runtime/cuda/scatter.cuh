/*
 * The gradient of an indexed read: per output a plain ascending chain of adds from +0 over the
 * reads that point at it, bit for bit inv_scatter_add of templates/ops/scatter_add.h.  Where rows
 * of outputs would look at many reads, these are sorted by the rows that they point at first.
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

/* ---- many rows and reads ---- */

#define INV_SORT_THREADS 512

/* A read as the row that it points at, then its number: so no two are equal. */
INV_DEVICE uint64_t inv_read_key(const int32_t *index, int64_t n, int64_t r)
{
    return (uint64_t)inv_take_index(index[r], n) << 32 | (uint64_t)r;
}

/* How many of the ascending keys are below one. */
INV_DEVICE int64_t inv_keys_below(const uint64_t *keys, int64_t count, uint64_t key)
{
    int64_t first = 0;
    while (count > 0) {
        int64_t half = count / 2;
        bool below = keys[first + half] < key;
        first += below ? half + 1 : 0;
        count = below ? count - half - 1 : half;
    }
    return first;
}

/* Where element r goes as its run of `run` elements and the one beside that become one. */
INV_DEVICE int64_t inv_merged_place(const uint64_t *keys, int64_t rows, int64_t run, int64_t r)
{
    int64_t begin = r / (2 * run) * (2 * run), middle = begin + run < rows ? begin + run : rows;
    int64_t end = begin + 2 * run < rows ? begin + 2 * run : rows;
    if (r < middle)
        return r + inv_keys_below(keys + middle, end - middle, keys[r]);
    return r - (middle - begin) + inv_keys_below(keys + begin, middle - begin, keys[r]);
}

/* By a whole block: the reads' keys, ascending, in the first or the second half of [2, rows]. */
INV_DEVICE void inv_scatter_sort(uint64_t *keys, const int32_t *index, int64_t n, int64_t rows)
{
    uint64_t *from = keys, *to = keys + rows;
    for (int64_t r = threadIdx.x; r < rows; r += blockDim.x)
        from[r] = inv_read_key(index, n, r);
    __syncthreads();
    for (int64_t run = 1; run < rows; run *= 2) {
        for (int64_t r = threadIdx.x; r < rows; r += blockDim.x)
            to[inv_merged_place(from, rows, run, r)] = from[r];
        __syncthreads();
        uint64_t *other = from;
        from = to;
        to = other;
    }
}

/* Where that has left them. */
INV_DEVICE const uint64_t *inv_sorted_keys(const uint64_t *keys, int64_t rows)
{
    bool second = false;
    for (int64_t run = 1; run < rows; run *= 2)
        second = !second;
    return second ? keys + rows : keys;
}

/* As inv_scatter_part, of ascending keys: the row's reads are side by side, in their order. */
INV_DEVICE void inv_scatter_sorted(float *out, const float *g, const uint64_t *keys,
                                   int64_t rows, int64_t columns, int64_t part)
{
    int64_t strips = (columns + INV_WARP - 1) / INV_WARP;
    int64_t i = part / strips, c = part % strips * INV_WARP + inv_lane();
    float sum = 0.0f;
    if (c >= columns)
        return;
    int64_t at = inv_keys_below(keys, rows, (uint64_t)i << 32);
    for (; at < rows && (int64_t)(keys[at] >> 32) == i; at++)
        sum = inv_add(sum, g[(int64_t)(uint32_t)keys[at] * columns + c]);
    out[i * columns + c] = sum;
}

#endif
