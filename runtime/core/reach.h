/*
 * Operands of a contraction that several loops walk, read where they lie: pointers for its tiles.
 */
#ifndef INV_CORE_REACH_H
#define INV_CORE_REACH_H

#include "core/packing.h"

/* Links after the last whole chunk that are reached, and done, with it: a pass over outputs for so
 * few would take longer than they do. */
#define TAIL 64
#define LINKS (CHUNK + TAIL)

#define PLACES ((BLOCK_ROWS > LINKS ? BLOCK_ROWS : LINKS) + ROWS)

/* A place of some loops as an operand's limits see it. */
struct spot {
    inv_index offset, at[INV_LIMITS];
};

/* The spots of numbers one after another. */
struct spots {
    inv_index offset[PLACES], at[INV_LIMITS][PLACES];
};

/* Pieces of a chunk's k, and after these those of its tail. */
struct pieces {
    struct spot spot[LINKS]; /* of the first element of each */
    long chunk, count, length[LINKS]; /* pieces of the chunk, and with those of the tail */
};

/* How the operand a of a block and chunk, with the tail that is done with it, is reached. */
struct reach {
    enum form form;
    struct spots spots; /* ALONG: of the block's rows; ACROSS: of the links */
    struct pieces apart; /* no limit of any row stands within one */
    struct pieces joined; /* for rows that lie within all limits: what lies side by side is one */
    const struct pieces *pieces; /* those that the strip is reached by */
    inv_index low[INV_LIMITS], high[INV_LIMITS]; /* of the rows' spots */
    inv_index k_low[INV_LIMITS], k_high[INV_LIMITS]; /* of the pieces' */
    const float *at[LINKS * ROWS];
};

static struct spot spot_of(const struct inv_place *place)
{
    struct spot spot = {.offset = place->offset};
    for (int l = 0; l < INV_LIMITS; l++)
        spot.at[l] = place->at[l];
    return spot;
}

static void spread(inv_index *to, inv_index first, inv_index step, long count)
{
    for (long i = 0; i < count; i++)
        to[i] = first + i * step;
}

/* Of `count` numbers from `first` on; those of the last one are repeated ROWS times. */
static void find_spots(struct spots *spots, const struct inv_walk *walk, int loops, int limits,
                       long first, long count)
{
    const struct inv_walk *last = loops > 0 ? walk + loops - 1 : NULL;
    struct inv_place place;
    inv_place_set(&place, walk, loops, first);
    for (long i = 0, length; i < count; i += length) {
        length = loops > 1 ? shorter(last->extent - place.index[loops - 1], count - i) : count - i;
        spread(spots->offset + i, place.offset, loops > 0 ? last->stride : 0, length);
        for (int l = 0; l < limits; l++)
            spread(spots->at[l] + i, place.at[l], loops > 0 ? last->step[l] : 0, length);
        inv_place_go(&place, walk, loops, length);
    }
    spread(spots->offset + count, spots->offset[count - 1], 0, ROWS);
    for (int l = 0; l < limits; l++)
        spread(spots->at[l] + count, spots->at[l][count - 1], 0, ROWS);
}

/* As point, where `limits` is a constant for speed. */
INV_FN void point_within(const float **restrict to, const struct inv_operand *o,
                         const struct spots *spots, long begin, long count,
                         const struct spot *other, int limits)
{
    const float *const x = o->x;
    const inv_index base = o->offset + other->offset;
    inv_index first[INV_LIMITS];
    uint64_t extent[INV_LIMITS];
    for (int l = 0; l < limits; l++) {
        first[l] = o->first[l] + other->at[l];
        extent[l] = (uint64_t)o->extent[l];
    }
#define BEYOND(l) (limits > l && (uint64_t)(first[l] + spots->at[l][i]) >= extent[l])
    for (long i = begin; i < begin + count; i++) {
        const int outside = BEYOND(0) | BEYOND(1) | BEYOND(2) | BEYOND(3);
        to[i - begin] = outside ? zeros : x + (base + spots->offset[i]);
    }
#undef BEYOND
}

/* Points at the elements of `count` spots from `begin` on and one of the other loops. */
INV_FN void point(const float **restrict to, const struct inv_operand *o,
                  const struct spots *spots, long begin, long count, const struct spot *other)
{
    if (o->limits == 0)
        point_within(to, o, spots, begin, count, other, 0);
    else if (o->limits == 1)
        point_within(to, o, spots, begin, count, other, 1);
    else if (o->limits == 2)
        point_within(to, o, spots, begin, count, other, 2);
    else
        point_within(to, o, spots, begin, count, other, o->limits);
}

/* How many elements of k from `place` on no limit of any row stands between. */
static long piece_of(const struct inv_operand *o, const struct reach *reach,
                     const struct inv_place *place, long most)
{
    if (o->ks == 0)
        return most;
    const struct inv_walk *last = o->k + o->ks - 1;
    long length = o->ks == 1 ? most : shorter(last->extent - place->index[o->ks - 1], most);
    for (int l = 0; l < o->limits; l++) {
        inv_index low = o->first[l] + place->at[l] + reach->low[l], step = last->step[l];
        inv_index high = o->first[l] + place->at[l] + reach->high[l];
        if (step == 0)
            continue;
        if (low < 0 || high >= o->extent[l])
            return 1;
        length = shorter(length, step > 0 ? (o->extent[l] - 1 - high) / step + 1 : low / -step + 1);
    }
    return length;
}

static void add_pieces(struct reach *reach, const struct inv_operand *o, long first, long k)
{
    struct pieces *to = &reach->apart;
    struct inv_place place;
    inv_place_set(&place, o->k, o->ks, o->k_first + first);
    for (long p = 0, length; p < k; p += length) {
        length = piece_of(o, reach, &place, k - p);
        to->spot[to->count] = spot_of(&place);
        to->length[to->count++] = length;
        inv_place_go(&place, o->k, o->ks, length);
    }
}

static void widen(inv_index *low, inv_index *high, inv_index at)
{
    *low = at < *low ? at : *low;
    *high = at > *high ? at : *high;
}

static void find_range(inv_index *low, inv_index *high, const inv_index *at, long count)
{
    *low = *high = at[0];
    for (long i = 1; i < count; i++)
        widen(low, high, at[i]);
}

/* Pieces begin .. end - 1, whose elements of k are `step` apart. */
static void join_pieces(struct pieces *to, const struct pieces *from, long begin, long end,
                        long step)
{
    inv_index next = 0; /* where the last piece would go on */
    for (long i = begin; i < end; i++) {
        if (i > begin && from->spot[i].offset == next) {
            to->length[to->count - 1] += from->length[i];
        } else {
            to->spot[to->count] = from->spot[i];
            to->length[to->count++] = from->length[i];
        }
        next = from->spot[i].offset + from->length[i] * step;
    }
}

static void find_pieces(struct reach *reach, const struct inv_operand *o, long first, long k,
                        long tail)
{
    struct pieces *apart = &reach->apart, *joined = &reach->joined;
    const long step = o->ks > 0 ? o->k[o->ks - 1].stride : 1;
    apart->count = joined->count = 0;
    add_pieces(reach, o, first, k);
    apart->chunk = apart->count;
    add_pieces(reach, o, first + k, tail);
    join_pieces(joined, apart, 0, apart->chunk, step);
    joined->chunk = joined->count;
    join_pieces(joined, apart, apart->chunk, apart->count, step);
    for (int l = 0; l < o->limits; l++) {
        reach->k_low[l] = reach->k_high[l] = apart->spot[0].at[l];
        for (long i = 1; i < apart->count; i++)
            widen(&reach->k_low[l], &reach->k_high[l], apart->spot[i].at[l]);
    }
}

/* Whether ROWS rows from `begin` of the block on lie within all limits at all pieces. */
static int lies_within(const struct reach *reach, const struct inv_operand *o, long begin)
{
    int within = 1;
    for (int l = 0; l < o->limits; l++) {
        inv_index low, high;
        find_range(&low, &high, reach->spots.at[l] + begin, ROWS);
        within = within && o->first[l] + low + reach->k_low[l] >= 0 &&
                 o->first[l] + high + reach->k_high[l] < o->extent[l];
    }
    return within;
}

/* Points at the pieces of a strip, which begins at that row of the block. */
static void point_along(struct reach *reach, const struct inv_operand *o, long begin)
{
    const int within = lies_within(reach, o, begin);
    reach->pieces = within ? &reach->joined : &reach->apart;
    for (long piece = 0; piece < reach->pieces->count; piece++) {
        const float **to = reach->at + piece * ROWS;
        const struct spot *spot = reach->pieces->spot + piece;
        if (within)
            point_within(to, o, &reach->spots, begin, ROWS, spot, 0);
        else
            point(to, o, &reach->spots, begin, ROWS, spot);
    }
}

static void find_rows(struct reach *reach, const struct inv_operand *o, long first, long count)
{
    find_spots(&reach->spots, o->own, o->owns, o->limits, first, count);
    for (int l = 0; l < o->limits; l++)
        find_range(&reach->low[l], &reach->high[l], reach->spots.at[l], count);
}

#endif
