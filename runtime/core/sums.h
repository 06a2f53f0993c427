/*
 * Sums in the order of docs/numerics.md, section 3. An order is fixed by the number of elements
 * alone; the loops are written so that vector lanes never share an accumulator.
 *
 * A lane starts at +0 and round to nearest never makes -0 of +0 plus anything, so adding +0 to
 * a lane changes nothing: unused lanes need no care.
 */
#ifndef INV_CORE_SUMS_H
#define INV_CORE_SUMS_H

#include "core/arith.h"

#define INV_LANES 32
#define INV_ROW_BLOCK 4096
#define INV_CHUNK 256
#define INV_STRIP 64

INV_FN void inv_lanes_clear(float lane[INV_LANES])
{
    for (int l = 0; l < INV_LANES; l++)
        lane[l] = 0.0f;
}

/* lane[l] += lane[l + s], s = 16, 8, 4, 2, 1; the sum ends in lane[0]. */
INV_FN float inv_lanes_join(float lane[INV_LANES])
{
    for (int l = 0; l < 16; l++)
        lane[l] = inv_add(lane[l], lane[l + 16]);
    for (int l = 0; l < 8; l++)
        lane[l] = inv_add(lane[l], lane[l + 8]);
    for (int l = 0; l < 4; l++)
        lane[l] = inv_add(lane[l], lane[l + 4]);
    for (int l = 0; l < 2; l++)
        lane[l] = inv_add(lane[l], lane[l + 2]);
    return inv_add(lane[0], lane[1]);
}

/*
 * result = the row sum of value(i), i = 0 .. count - 1, where VALUE is an expression in the
 * index I (a name that this macro declares, as inv_index). Lane l adds the elements i with
 * i mod 32 = l, ascending; the results of blocks of 4096 form a row again. At most 4096^3
 * elements.
 */
#define INV_ROW_SUM(result, count, I, VALUE)                                                    \
    do {                                                                                        \
        inv_index inv_n = (count);                                                              \
        float inv_high[INV_LANES], inv_middle[INV_LANES], inv_low[INV_LANES];                   \
        inv_index inv_blocks = 0;                                                               \
        float inv_sum = 0.0f;                                                                   \
        inv_lanes_clear(inv_high);                                                              \
        inv_lanes_clear(inv_middle);                                                            \
        for (inv_index inv_b = 0; inv_b < inv_n; inv_b += INV_ROW_BLOCK) {                      \
            inv_index inv_end = inv_n - inv_b < INV_ROW_BLOCK ? inv_n : inv_b + INV_ROW_BLOCK;  \
            inv_index inv_i = inv_b;                                                            \
            inv_lanes_clear(inv_low);                                                           \
            for (; inv_i + INV_LANES <= inv_end; inv_i += INV_LANES)                            \
                for (int inv_l = 0; inv_l < INV_LANES; inv_l++) {                               \
                    inv_index I = inv_i + inv_l;                                                \
                    inv_low[inv_l] = inv_add(inv_low[inv_l], (VALUE));                          \
                }                                                                               \
            for (int inv_l = 0; inv_l < (int)(inv_end - inv_i); inv_l++) {                      \
                inv_index I = inv_i + inv_l;                                                    \
                inv_low[inv_l] = inv_add(inv_low[inv_l], (VALUE));                              \
            }                                                                                   \
            inv_sum = inv_lanes_join(inv_low);                                                  \
            inv_rows_carry(inv_middle, inv_high, inv_blocks, inv_sum);                          \
            inv_blocks++;                                                                       \
        }                                                                                       \
        (result) = inv_rows_finish(inv_middle, inv_high, inv_blocks, inv_sum);                  \
    } while (0)

/* Takes the sum of block number `block` into the lanes of the row that the blocks form. */
INV_FN void inv_rows_carry(float middle[INV_LANES], float high[INV_LANES], inv_index block,
                           float sum)
{
    inv_index row = block / INV_ROW_BLOCK;
    if (block > 0 && block % INV_ROW_BLOCK == 0) {
        high[(row - 1) % INV_LANES] = inv_add(high[(row - 1) % INV_LANES], inv_lanes_join(middle));
        inv_lanes_clear(middle);
    }
    middle[block % INV_LANES] = inv_add(middle[block % INV_LANES], sum);
}

/* The sum over `blocks` blocks, the last of which summed to `sum`. */
INV_FN float inv_rows_finish(float middle[INV_LANES], float high[INV_LANES], inv_index blocks,
                             float sum)
{
    if (blocks <= 1)
        return sum;
    sum = inv_lanes_join(middle);
    if (blocks <= INV_ROW_BLOCK)
        return sum;
    inv_index row = (blocks - 1) / INV_ROW_BLOCK;
    high[row % INV_LANES] = inv_add(high[row % INV_LANES], sum);
    return inv_lanes_join(high);
}

/* sum of x[0 .. n - 1] */
INV_FN float inv_row_sum(const float *x, inv_index n)
{
    float sum;
    INV_ROW_SUM(sum, n, i, x[i]);
    return sum;
}

/* inv_column_sum of up to INV_STRIP columns. Where `width` is a constant, sums stay in registers;
 * where code must stay small it is none. */
INV_FN void inv_column_strip(float *out, const float *x, inv_index stride, inv_index rows,
                             inv_index width)
{
    float total[INV_STRIP];
    for (inv_index j = 0; j < width; j++)
        total[j] = 0.0f;
    for (inv_index r = 0; r < rows; r += INV_CHUNK) {
        inv_index end = rows - r < INV_CHUNK ? rows : r + INV_CHUNK;
        float chunk[INV_STRIP];
        for (inv_index j = 0; j < width; j++)
            chunk[j] = 0.0f;
        for (inv_index i = r; i < end; i++)
            for (inv_index j = 0; j < width; j++)
                chunk[j] = inv_add(chunk[j], x[i * stride + j]);
        for (inv_index j = 0; j < width; j++)
            total[j] = inv_add(total[j], chunk[j]);
    }
    for (inv_index j = 0; j < width; j++)
        out[j] = total[j];
}

#if !defined(INV_COMPACT) && !defined(INV_SMALL)

/* Columns from c on, by strips; the one behind them. last: of what is then left, too, the strip
 * that ends with the last column, where there are as many: some columns are made twice. */
INV_FN inv_index inv_column_strips(float *out, const float *x, inv_index stride, inv_index rows,
                                   inv_index columns, inv_index c, inv_index width, int last)
{
    for (; c + width <= columns; c += width)
        inv_column_strip(out + c, x + c, stride, rows, width);
    if (!last || c == columns || columns < width)
        return c;
    inv_column_strip(out + columns - width, x + columns - width, stride, rows, width);
    return columns;
}

#endif

/*
 * out[c] = the chain over r of x[r * stride + c], ascending from +0 in chunks of 256 whose sums
 * are added ascending from +0; c = 0 .. columns - 1.
 */
INV_CALLED void inv_column_sum(float *out, const float *x, inv_index stride, inv_index rows,
                               inv_index columns)
{
#if defined(INV_COMPACT) || defined(INV_SMALL)
    for (inv_index c = 0; c < columns; c += INV_STRIP)
        inv_column_strip(out + c, x + c, stride, rows,
                         columns - c < INV_STRIP ? columns - c : INV_STRIP);
#else
    inv_index c = inv_column_strips(out, x, stride, rows, columns, 0, INV_STRIP, 0);
    c = inv_column_strips(out, x, stride, rows, columns, c, INV_STRIP / 2, 0);
    c = inv_column_strips(out, x, stride, rows, columns, c, INV_STRIP / 4, 1);
    c = inv_column_strips(out, x, stride, rows, columns, c, INV_STRIP / 8, 1);
    inv_column_strips(out, x, stride, rows, columns, c, 1, 0);
#endif
}

/* Chunks of so many terms; of numbers from 0 on, the chunk that begins with that one or after. */
INV_FN inv_index inv_chunks(inv_index terms)
{
    return (terms + INV_CHUNK - 1) / INV_CHUNK;
}

/* out[c] = the sum over chunks p of chunk[p * stride + c], ascending from +0; c < count. */
INV_CALLED void inv_add_chunks(float *out, const float *chunk, inv_index stride, inv_index chunks,
                               inv_index count)
{
    for (inv_index c = 0; c < count; c += INV_STRIP) {
        inv_index width = count - c < INV_STRIP ? count - c : INV_STRIP;
        float total[INV_STRIP];
        for (inv_index j = 0; j < width; j++)
            total[j] = 0.0f;
        for (inv_index p = 0; p < chunks; p++)
            for (inv_index j = 0; j < width; j++)
                total[j] = inv_add(total[j], chunk[p * stride + c + j]);
        for (inv_index j = 0; j < width; j++)
            out[c + j] = total[j];
    }
}

/*
 * Ordered as x, or with all bits of flip set the other way, but NaN is largest and -0 < +0.
 * Integers: which one is chosen takes no branch, and rows of noise would mislead branches.
 */
INV_FN uint32_t inv_order_key(float x, uint32_t flip)
{
    uint32_t u = inv_bits(x);
    uint32_t key = u ^ ((0u - (u >> 31)) | 0x80000000u) ^ flip;
    return x == x ? key : 0xffffffffu;
}

/* The x of a key; a NaN of that of NaNs. */
INV_FN float inv_of_order_key(uint32_t key, uint32_t flip)
{
    uint32_t k = key ^ flip;
    return inv_from_bits(k >> 31 ? k ^ 0x80000000u : ~k);
}

INV_FN uint32_t inv_more(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* The x of the largest key; n >= 1. */
INV_FN float inv_row_most(const float *x, inv_index n, uint32_t flip)
{
    uint32_t most = inv_order_key(x[0], flip);
    inv_index i = 0;
    if (n >= INV_LANES) {
        uint32_t lane[INV_LANES];
        for (int l = 0; l < INV_LANES; l++)
            lane[l] = most;
        for (; i + INV_LANES <= n; i += INV_LANES)
            for (int l = 0; l < INV_LANES; l++)
                lane[l] = inv_more(lane[l], inv_order_key(x[i + l], flip));
        for (int l = 0; l < INV_LANES; l++)
            most = inv_more(most, lane[l]);
    }
    for (; i < n; i++)
        most = inv_more(most, inv_order_key(x[i], flip));
    return inv_of_order_key(most, flip);
}

/* The lowest index of the largest key, where -0 and +0 are equal; n >= 1. */
INV_FN inv_index inv_row_first(const float *x, inv_index n, uint32_t flip)
{
    inv_index best = 0;
    uint32_t most = inv_order_key(x[0] + 0.0f, flip);
    for (inv_index i = 1; i < n; i++) {
        uint32_t key = inv_order_key(x[i] + 0.0f, flip);
        best = key > most ? i : best;
        most = inv_more(most, key);
    }
    return best;
}

/* maximum of x[0 .. n - 1], n >= 1; the order of a maximum is free */
INV_FN float inv_row_max(const float *x, inv_index n)
{
    return inv_row_most(x, n, 0);
}

/* minimum of x[0 .. n - 1], n >= 1 */
INV_FN float inv_row_min(const float *x, inv_index n)
{
    return inv_row_most(x, n, 0xffffffffu);
}

/* index of the first NaN, else the lowest index of the largest; -0 and +0 are equal here */
INV_FN inv_index inv_row_argmax(const float *x, inv_index n)
{
    return inv_row_first(x, n, 0);
}

/* index of the first NaN, else the lowest index of the smallest */
INV_FN inv_index inv_row_argmin(const float *x, inv_index n)
{
    return inv_row_first(x, n, 0xffffffffu);
}

#endif
