/*
 * Operands of contractions that lie in memory as several loops walk it: windows of images, and all
 * that has more than one stride.
 *
 * An operand has rows ("own": what outputs count) and k, each a number that stands for some loops,
 * row-major, and pages, one loop.  Its element is x[offset + sum over all loops of index * stride];
 * where a limit's coordinate, first + sum of index * step, is not within 0 .. extent - 1, it is +0.
 */
#ifndef INV_CORE_WINDOWS_H
#define INV_CORE_WINDOWS_H

#include "core/arith.h"

#define INV_LOOPS 9
#define INV_LIMITS 4

/* The first loop's extent is not looked at: positions are within it. */
struct inv_walk {
    inv_index extent, stride, step[INV_LIMITS];
};

struct inv_operand {
    const float *x;
    inv_index offset; /* of the element where all indices are 0, which may lie outside */
    const struct inv_walk *own, *k;
    int owns, ks, limits;
    inv_index first[INV_LIMITS], extent[INV_LIMITS];
    struct inv_walk page; /* of inv_contract_pages alone */
#if !defined(INV_SMALL)
    inv_index k_first; /* the number of k that counts as 0 */
#endif
};

/* Where a number is in its loops. */
struct inv_place {
    inv_index index[INV_LOOPS], offset, at[INV_LIMITS];
};

INV_FN void inv_place_add(struct inv_place *p, const struct inv_walk *walk, inv_index times)
{
    p->offset += times * walk->stride;
    for (int l = 0; l < INV_LIMITS; l++)
        p->at[l] += times * walk->step[l];
}

INV_FN void inv_place_set(struct inv_place *p, const struct inv_walk *walk, int count,
                          inv_index number)
{
    p->offset = 0;
    for (int l = 0; l < INV_LIMITS; l++)
        p->at[l] = 0;
    for (int i = count - 1; i >= 0; i--) {
        p->index[i] = i > 0 ? number % walk[i].extent : number;
        number = i > 0 ? number / walk[i].extent : 0;
        inv_place_add(p, walk + i, p->index[i]);
    }
}

/* Goes on by `steps` of the last loop, to its end at most. */
INV_FN void inv_place_go(struct inv_place *p, const struct inv_walk *walk, int count,
                         inv_index steps)
{
    int i = count - 1;
    if (count == 0)
        return;
    p->index[i] += steps;
    inv_place_add(p, walk + i, steps);
    for (; i > 0 && p->index[i] == walk[i].extent; i--) {
        inv_place_add(p, walk + i, -p->index[i]);
        p->index[i] = 0;
        p->index[i - 1]++;
        inv_place_add(p, walk + i - 1, 1);
    }
}

/* The element at the two places, or `outside`. */
INV_FN const float *inv_operand_at(const struct inv_operand *o, const struct inv_place *own,
                                   const struct inv_place *k, const float *outside)
{
    for (int l = 0; l < o->limits; l++) {
        inv_index at = o->first[l] + own->at[l] + k->at[l];
        if (at < 0 || at >= o->extent[l])
            return outside;
    }
    return o->x + (o->offset + own->offset + k->offset);
}

/* The operand from that page on. */
INV_FN struct inv_operand inv_operand_page(const struct inv_operand *o, inv_index page)
{
    struct inv_operand at = *o;
    at.offset += page * o->page.stride;
    for (int l = 0; l < INV_LIMITS; l++)
        at.first[l] += page * o->page.step[l];
    return at;
}

#if !defined(INV_SMALL)
/* The operand from that number of k on. */
INV_FN struct inv_operand inv_operand_from(const struct inv_operand *o, inv_index k)
{
    struct inv_operand at = *o;
    at.k_first += k;
    return at;
}
#endif

/* Do all steps of the loop stay where they are with regard to the limits? */
INV_FN int inv_walk_is_free(const struct inv_walk *walk)
{
    int free = 1;
    for (int l = 0; l < INV_LIMITS; l++)
        free = free && walk->step[l] == 0;
    return free;
}

#endif
