/*
 * Operands of a contraction packed for its tiles: to[p * stride + l] is the element of lane l (a
 * row of a, a column of b) and p.
 */
#ifndef INV_CORE_PACKING_H
#define INV_CORE_PACKING_H

#include "core/tiles.h"
#include "core/windows.h"

/* ---- Packing: to[p * stride + l] = from[p * s_k + l * s_l] for l < count, p < k ---- */

/* The lanes are contiguous. */
static void pack_beside(float *to, long stride, const float *from, long s_k, long count, long k)
{
    for (long p = 0; p < k; p++) {
        long l = 0;
        for (; l + INV_WIDTH <= count; l += INV_WIDTH)
            inv_vec_store(to + l, inv_vec_load(from + l));
        if (l < count)
            inv_vec_store(to + l, inv_vec_load_part(from + l, count - l));
        to += stride;
        from += s_k;
    }
}

static void pack_scalar(float *to, long stride, const float *from, long s_k, long s_l, long count,
                        long k)
{
    for (long p = 0; p < k; p++)
        for (long l = 0; l < count; l++)
            to[p * stride + l] = from[p * s_k + l * s_l];
}

/*
 * Each lane is contiguous along k, at least 4. Lanes past count repeat the last one. The last
 * four of k may be written twice; a store runs over into the next p, which is written after it.
 */
static void pack_turned(float *to, long stride, const float *from, long s_l, long count, long k)
{
    for (long g = 0; g < count; g += INV_WIDTH) {
        const float *row[INV_WIDTH];
        for (int l = 0; l < INV_WIDTH; l++)
            row[l] = from + (g + l < count ? g + l : count - 1) * s_l;
        for (long p = 0; p < k; p += 4) {
            p = p + 4 <= k ? p : k - 4;
            inv_vec_turn(to + g + p * stride, stride, row, p);
        }
    }
}

/* `to` has room for INV_WIDTH floats more. */
static void pack(float *to, long stride, const float *from, long s_k, long s_l, long count, long k)
{
    if (s_l == 1)
        pack_beside(to, stride, from, s_k, count, k);
    else if (s_k == 1 && k >= 4)
        pack_turned(to, stride, from, s_l, count, k);
    else
        pack_scalar(to, stride, from, s_k, s_l, count, k);
}

/* ---- Packing operands that several loops walk ---- */

#define LANES (COLUMNS > ROWS ? COLUMNS : ROWS)

#define ZEROS (8 * CHUNK)

static const float zeros[ZEROS];

/* Runs of lanes that lie side by side. */
struct runs {
    int count;
    long length[LANES];
    struct inv_place place[LANES];
};

static long divide_up(long a, long b)
{
    return (a + b - 1) / b;
}

static long shorter(long a, long b)
{
    return a < b ? a : b;
}

/* How many steps of the last loop lie side by side, and within the same limits. */
static long run_of(const struct inv_walk *walk, int count, const struct inv_place *p, long most)
{
    if (count == 0 || most <= 1)
        return most;
    const struct inv_walk *last = walk + count - 1;
    if (last->stride != 1 || !inv_walk_is_free(last))
        return 1;
    return count == 1 ? most : shorter(last->extent - p->index[count - 1], most);
}

static void find_runs(struct runs *runs, const struct inv_operand *o, long first, long count)
{
    struct inv_place place;
    inv_place_set(&place, o->own, o->owns, first);
    runs->count = 0;
    for (long l = 0, length; l < count; l += length) {
        length = run_of(o->own, o->owns, &place, count - l);
        runs->place[runs->count] = place;
        runs->length[runs->count++] = length;
        inv_place_go(&place, o->own, o->owns, length);
    }
}

/* One element of k: runs of lanes. */
static void pack_across(float *to, const struct inv_operand *o, const struct runs *runs,
                        const struct inv_place *k)
{
    for (int r = 0; r < runs->count; r++) {
        const float *from = inv_operand_at(o, &runs->place[r], k, zeros);
        for (long l = 0; l < runs->length[r]; l++)
            to[l] = from[l];
        to += runs->length[r];
    }
}

/* Lanes that are each contiguous over `run` elements of k. */
static void pack_along(float *to, long stride, const struct inv_operand *o,
                       const struct runs *lanes, const struct inv_place *k, long run)
{
    const float *row[LANES + INV_WIDTH];
    for (long l = 0; l < lanes->count; l++)
        row[l] = inv_operand_at(o, &lanes->place[l], k, zeros);
    for (long l = lanes->count; l < lanes->count + INV_WIDTH; l++)
        row[l] = row[lanes->count - 1];
    for (long g = 0; run >= 4 && g < lanes->count; g += INV_WIDTH)
        for (long p = 0; p < run; p += 4) {
            p = p + 4 <= run ? p : run - 4;
            inv_vec_turn(to + g + p * stride, stride, row + g, p);
        }
    for (long p = 0; run < 4 && p < run; p++)
        for (long l = 0; l < lanes->count; l++)
            to[p * stride + l] = row[l][p];
}

/* to[p * stride + l] = the element of row first + l at first_k + p; `to` as for pack. */
static void pack_walks(float *to, long stride, const struct inv_operand *o, long first, long count,
                       long first_k, long k)
{
    struct runs runs;
    struct inv_place place;
    find_runs(&runs, o, first, count);
    inv_place_set(&place, o->k, o->ks, o->k_first + first_k);
    for (long p = 0, run; p < k; p += run) {
        run = 1;
        if (runs.count == count) {
            run = run_of(o->k, o->ks, &place, k - p);
            pack_along(to + p * stride, stride, o, &runs, &place, run);
        } else {
            pack_across(to + p * stride, o, &runs, &place);
        }
        inv_place_go(&place, o->k, o->ks, run);
    }
}

#endif
