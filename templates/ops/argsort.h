/*
 * The places of a line's elements in ascending order, or in descending order: equal ones (-0 and +0
 * are) by place, NaN last in both.  No two elements are alike in that order, so that any way of
 * sorting gives the same; this is by a heap, in the result's own memory.
 */
#ifndef INV_OPS_ARGSORT_H
#define INV_OPS_ARGSORT_H

#include "core/arith.h"

/* Ordered as x, or the other way; NaN is largest. */
INV_FN int32_t inv_sort_key(float x, int reverse)
{
    int32_t size = (int32_t)(inv_bits(x) & 0x7fffffffu);
    if (size > 0x7f800000)
        return INT32_MAX;
    return (inv_bits(x) >> 31 != 0) != (reverse != 0) ? -size : size;
}

/* A column of x: where its elements are and how they are ordered. */
struct inv_sorted {
    const float *x;
    inv_index step;
    int reverse;
};

INV_FN int inv_sorts_before(const struct inv_sorted *line, int32_t a, int32_t b)
{
    int32_t u = inv_sort_key(line->x[a * line->step], line->reverse);
    int32_t v = inv_sort_key(line->x[b * line->step], line->reverse);
    return u < v || (u == v && a < b);
}

/* Puts `place` into the heap of the first `end` places of out, whose node `hole` is free. */
INV_FN void inv_sort_sift(const struct inv_sorted *line, int32_t *out, inv_index hole,
                          inv_index end, int32_t place)
{
    for (inv_index child = 2 * hole + 1; child < end; child = 2 * hole + 1) {
        if (child + 1 < end &&
            inv_sorts_before(line, out[child * line->step], out[(child + 1) * line->step]))
            child++;
        if (!inv_sorts_before(line, place, out[child * line->step]))
            break;
        out[hole * line->step] = out[child * line->step];
        hole = child;
    }
    out[hole * line->step] = place;
}

/* Columns first .. last - 1 of out and x, both [n, columns]. */
INV_FN void inv_argsort(int32_t *out, const float *x, inv_index n, inv_index rows,
                        inv_index columns, inv_index first, inv_index last, int reverse)
{
    (void)rows;
    for (inv_index c = first; c < last; c++) {
        struct inv_sorted line = {x + c, columns, reverse};
        for (inv_index i = 0; i < n; i++)
            out[i * columns + c] = (int32_t)i;
        for (inv_index i = n / 2; i-- > 0;)
            inv_sort_sift(&line, out + c, i, n, (int32_t)i);
        for (inv_index end = n - 1; end > 0; end--) {
            int32_t place = out[end * columns + c];
            out[end * columns + c] = out[c];
            inv_sort_sift(&line, out + c, 0, end, place);
        }
    }
}

#endif
