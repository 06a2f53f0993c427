/*
 * Reductions of a row by one warp: all lanes call with the same arguments and all get the result,
 * bit for bit that of runtime/core/sums.h.  x: a pointer, or what x[i] means as a function of i.
 */
#ifndef INV_CUDA_ROWS_CUH
#define INV_CUDA_ROWS_CUH

#include "core/sums.h"
#include "cuda/launch.cuh"

/* lane[l] += lane[l + s], s = 16, 8, 4, 2, 1.  All lanes add, so all get what lane 0 does: each
 * sum has the same two operands, in either order. */
INV_DEVICE float inv_warp_join(float lane)
{
    INV_UNROLL
    for (int s = 16; s > 0; s /= 2)
        lane = inv_add(lane, __shfl_xor_sync(INV_ALL_LANES, lane, s));
    return lane;
}

/* The sum of a block of a row: elements begin .. end - 1, at most 4096. */
template <class X> INV_DEVICE float inv_warp_block_sum(X x, int64_t begin, int64_t end)
{
    float low = 0.0f;
    INV_UNROLL_8
    for (int64_t i = begin + inv_lane(); i < end; i += INV_LANES)
        low = inv_add(low, x[i]);
    return inv_warp_join(low);
}

/*
 * The row sum of x[0 .. n - 1]: lane l adds the elements i with i mod 32 = l, ascending; the
 * results of blocks of 4096 form a row again.  `middle` and `high` are this lane's part of the
 * next two levels, as in inv_rows_carry and inv_rows_finish.
 */
template <class X> INV_DEVICE float inv_warp_row_sum(X x, int64_t n)
{
    if (n <= INV_ROW_BLOCK)
        return inv_warp_block_sum(x, 0, n);
    float middle = 0.0f, high = 0.0f;
    int64_t blocks = (n + INV_ROW_BLOCK - 1) / INV_ROW_BLOCK;
    for (int64_t block = 0; block < blocks; block++) {
        int64_t begin = block * INV_ROW_BLOCK;
        int64_t end = n - begin < INV_ROW_BLOCK ? n : begin + INV_ROW_BLOCK;
        float sum = inv_warp_block_sum(x, begin, end);
        if (block % INV_LANES == inv_lane())
            middle = inv_add(middle, sum);
        if ((block + 1) % INV_ROW_BLOCK == 0 || block + 1 == blocks) {
            sum = inv_warp_join(middle);
            if (block / INV_ROW_BLOCK % INV_LANES == inv_lane())
                high = inv_add(high, sum);
            middle = 0.0f;
        }
    }
    return inv_warp_join(high);
}

/* The sum over the lanes of whole numbers, where no order matters. */
INV_DEVICE int64_t inv_warp_count(int64_t count)
{
    INV_UNROLL
    for (int s = 16; s > 0; s /= 2)
        count += (int64_t)__shfl_xor_sync(INV_ALL_LANES, (long long)count, s);
    return count;
}

/* n >= 1; the order of a maximum is free */
template <class X> INV_DEVICE float inv_warp_row_max(X x, int64_t n)
{
    float most = x[0];
    for (int64_t i = inv_lane(); i < n; i += INV_LANES)
        most = inv_max(most, x[i]);
    INV_UNROLL
    for (int s = 16; s > 0; s /= 2)
        most = inv_max(most, __shfl_xor_sync(INV_ALL_LANES, most, s));
    return most;
}

/* n >= 1 */
template <class X> INV_DEVICE float inv_warp_row_min(X x, int64_t n)
{
    float least = x[0];
    for (int64_t i = inv_lane(); i < n; i += INV_LANES)
        least = inv_min(least, x[i]);
    INV_UNROLL
    for (int s = 16; s > 0; s /= 2)
        least = inv_min(least, __shfl_xor_sync(INV_ALL_LANES, least, s));
    return least;
}

/* Is element i, of value x, ahead of element j, of value y?  The first NaN, else the largest
 * (sign 1) or smallest (sign -1); of equals, and -0 and +0 are equal, the one of lowest index. */
INV_DEVICE bool inv_is_ahead(float x, int64_t i, float y, int64_t j, int sign)
{
    if (x != x || y != y)
        return x != x && (y == y || i < j);
    if (x == y)
        return i < j;
    return sign > 0 ? x > y : x < y;
}

template <class X> INV_DEVICE int64_t inv_warp_best(X x, int64_t n, int sign)
{
    int64_t best = 0;
    float value = x[0];
    for (int64_t i = inv_lane(); i < n; i += INV_LANES) {
        float own = x[i];
        if (inv_is_ahead(own, i, value, best, sign)) {
            best = i;
            value = own;
        }
    }
    INV_UNROLL
    for (int s = 16; s > 0; s /= 2) {
        float other = __shfl_xor_sync(INV_ALL_LANES, value, s);
        int64_t at = (int64_t)__shfl_xor_sync(INV_ALL_LANES, (long long)best, s);
        if (inv_is_ahead(other, at, value, best, sign)) {
            best = at;
            value = other;
        }
    }
    return best;
}

/* index of the first NaN, else the lowest index of the largest, n >= 1 */
template <class X> INV_DEVICE int64_t inv_warp_row_argmax(X x, int64_t n)
{
    return inv_warp_best(x, n, 1);
}

/* index of the first NaN, else the lowest index of the smallest, n >= 1 */
template <class X> INV_DEVICE int64_t inv_warp_row_argmin(X x, int64_t n)
{
    return inv_warp_best(x, n, -1);
}

#endif
