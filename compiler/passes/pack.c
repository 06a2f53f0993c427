/* Packing is greedy: one stretch after the other into the tightest gap between those placed before
 * whose lives meet its own.  Several orders are tried, and the best is kept.  In the order of time,
 * forwards or backwards, only what is alive matters, so that a list of gaps does, and it takes time
 * linear in what is placed; other orders look at all that was placed before, and are tried where
 * that is not much. */
#include "passes/pack.h"

#include <stdbool.h>
#include <stdlib.h>

enum {
    FEW = 1000, MANY = 10000,           /* stretches: looking at all of them takes their square */
    ENOUGH = 256,                       /* its inverse is the share that is worth it */
};

int64_t pack_align(int64_t offset, int64_t bytes)
{
    int64_t unit = bytes % 8 == 0 ? 8 : 4;
    while (unit < 64 && unit * 8 <= bytes)
        unit *= 2;
    return (offset + unit - 1) / unit * unit;
}

struct weighed {
    int64_t weight;
    int number;
    struct stretch *stretch;
};

/* Stretches in an order, and where the last one ends. */
struct packing {
    struct arena *arena;
    struct weighed *list;
    int count;
};

static int by_weight(const void *a, const void *b)
{
    const struct weighed *x = a, *y = b;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return x->number - y->number;
}

static int64_t weigh_bytes(const struct stretch *stretch)
{
    return stretch->bytes;
}

static int64_t weigh_life(const struct stretch *stretch)
{
    return stretch->last - stretch->first;
}

static int64_t weigh_area(const struct stretch *stretch)
{
    return stretch->bytes * (stretch->last - stretch->first + 1);
}

static void sort_by_weight(const struct packing *packing, struct stretch *const *stretch,
                           int64_t (*weight)(const struct stretch *))
{
    for (int i = 0; i < packing->count; i++)
        packing->list[i] = (struct weighed){weight(stretch[i]), i, stretch[i]};
    qsort(packing->list, (size_t)packing->count, sizeof *packing->list, by_weight);
}

/* By the group at which lives begin on the way through time; those of one group by number. */
static void sort_by_time(const struct packing *packing, struct stretch *const *stretch, int groups,
                         bool forwards)
{
    int *before = ARENA_ARRAY(packing->arena, int, groups + 1);
    for (int i = 0; i < packing->count; i++)
        before[(forwards ? stretch[i]->first : groups - 1 - stretch[i]->last) + 1]++;
    for (int g = 0; g < groups; g++)
        before[g + 1] += before[g];
    for (int i = 0; i < packing->count; i++) {
        int begin = forwards ? stretch[i]->first : groups - 1 - stretch[i]->last;
        packing->list[before[begin]++] = (struct weighed){0, i, stretch[i]};
    }
}

/* ---- any order ---- */

static bool lives_meet(const struct stretch *a, const struct stretch *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The start of the tightest gap that holds the stretch; placed: by ascending offset. */
static int64_t best_gap(const struct stretch *stretch, struct stretch *const *placed,
                        int placed_count)
{
    int64_t best = -1, best_size = INT64_MAX, from = 0;
    for (int i = 0; i <= placed_count; i++) {
        const struct stretch *other = i < placed_count ? placed[i] : NULL;
        if (other != NULL && !lives_meet(stretch, other))
            continue;
        int64_t start = pack_align(from, stretch->bytes);
        int64_t size = other != NULL ? other->offset - from : INT64_MAX;
        if (other == NULL ? best < 0
                          : start + stretch->bytes <= other->offset && size < best_size) {
            best = start;
            best_size = size;
        }
        if (other != NULL && other->offset + other->bytes > from)
            from = other->offset + other->bytes;
    }
    return best;
}

static void place_among_all(const struct packing *packing)
{
    struct stretch **placed =
        ARENA_ARRAY(packing->arena, struct stretch *, packing->count + 1);
    for (int i = 0; i < packing->count; i++) {
        struct stretch *stretch = packing->list[i].stretch;
        stretch->offset = best_gap(stretch, placed, i);
        int at = i;
        for (; at > 0 && placed[at - 1]->offset > stretch->offset; at--)
            placed[at] = placed[at - 1];
        placed[at] = stretch;
    }
}

/* ---- the order of time ---- */

struct gap {
    int64_t begin, end;
};

/* What is free among what is alive, by ascending offset; the last gap has no end. */
struct gaps {
    struct gap *gap;
    int count;
};

static void insert_gap(struct gaps *gaps, int at, struct gap gap)
{
    for (int i = gaps->count++; i > at; i--)
        gaps->gap[i] = gaps->gap[i - 1];
    gaps->gap[at] = gap;
}

static void remove_gap(struct gaps *gaps, int at)
{
    gaps->count--;
    for (int i = at; i < gaps->count; i++)
        gaps->gap[i] = gaps->gap[i + 1];
}

static void take(struct gaps *gaps, struct stretch *stretch)
{
    int best = gaps->count - 1;
    for (int i = 0; i < gaps->count; i++) {
        const struct gap *gap = &gaps->gap[i];
        if (pack_align(gap->begin, stretch->bytes) + stretch->bytes <= gap->end &&
            gap->end - gap->begin < gaps->gap[best].end - gaps->gap[best].begin)
            best = i;
    }
    struct gap gap = gaps->gap[best];
    stretch->offset = pack_align(gap.begin, stretch->bytes);
    gaps->gap[best].begin = stretch->offset + stretch->bytes;
    if (gaps->gap[best].begin == gap.end)
        remove_gap(gaps, best);
    if (stretch->offset > gap.begin)
        insert_gap(gaps, best, (struct gap){gap.begin, stretch->offset});
}

static void give_back(struct gaps *gaps, const struct stretch *stretch)
{
    int low = 0, high = gaps->count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (gaps->gap[middle].begin < stretch->offset)
            low = middle + 1;
        else
            high = middle;
    }
    insert_gap(gaps, low, (struct gap){stretch->offset, stretch->offset + stretch->bytes});
    if (low + 1 < gaps->count && gaps->gap[low].end == gaps->gap[low + 1].begin) {
        gaps->gap[low].end = gaps->gap[low + 1].end;
        remove_gap(gaps, low + 1);
    }
    if (low > 0 && gaps->gap[low - 1].end == gaps->gap[low].begin) {
        gaps->gap[low - 1].end = gaps->gap[low].end;
        remove_gap(gaps, low);
    }
}

/* Lists, by the group at which its life ends on the way through time, what is given back there:
 * *head of each group, then next of each. */
static void list_ends(const struct packing *packing, bool forwards, int *head, int *next)
{
    for (int i = packing->count - 1; i >= 0; i--) {
        const struct stretch *stretch = packing->list[i].stretch;
        int end = forwards ? stretch->last : stretch->first;
        next[i] = head[end];
        head[end] = i + 1;
    }
}

static int last_group(struct stretch *const *stretch, int count)
{
    int last = 0;
    for (int i = 0; i < count; i++)
        last = stretch[i]->last > last ? stretch[i]->last : last;
    return last;
}

/* The list is by first group ascending (forwards), or by last group descending. */
static void place_in_time(const struct packing *packing, int groups, bool forwards)
{
    struct arena *arena = packing->arena;
    int *head = ARENA_ARRAY(arena, int, groups), *next = ARENA_ARRAY(arena, int, packing->count);
    struct gaps gaps = {ARENA_ARRAY(arena, struct gap, packing->count + 2), 1};
    gaps.gap[0] = (struct gap){0, INT64_MAX};
    list_ends(packing, forwards, head, next);
    int now = forwards ? 0 : groups - 1, step = forwards ? 1 : -1;
    for (int i = 0; i < packing->count; i++) {
        struct stretch *stretch = packing->list[i].stretch;
        for (; now != (forwards ? stretch->first : stretch->last); now += step)
            for (int ended = head[now]; ended > 0; ended = next[ended - 1])
                give_back(&gaps, packing->list[ended - 1].stretch);
        take(&gaps, stretch);
    }
}

/* ---- the best of all ---- */

static const struct order {
    int64_t (*weight)(const struct stretch *); /* NULL: in time */
    bool forwards;
} orders[] = {{weigh_bytes, false}, {weigh_life, false}, {weigh_area, false}, {NULL, true},
              {NULL, false}};
enum { ORDERS = sizeof orders / sizeof *orders, IN_TIME = 3 };

static int64_t place(struct arena *arena, struct stretch *const *stretch, int count, int groups,
                     const struct order *order)
{
    struct packing packing = {arena, ARENA_ARRAY(arena, struct weighed, count + 1), count};
    int64_t end = 0;
    if (order->weight) {
        sort_by_weight(&packing, stretch, order->weight);
        place_among_all(&packing);
    } else {
        sort_by_time(&packing, stretch, groups, order->forwards);
        place_in_time(&packing, groups, order->forwards);
    }
    for (int i = 0; i < count; i++) {
        int64_t last = stretch[i]->offset + stretch[i]->bytes;
        end = last > end ? last : end;
    }
    return end;
}

int64_t pack_stretches(struct arena *arena, struct stretch *const *stretch, int count)
{
    int groups = last_group(stretch, count) + 1;
    int64_t best = INT64_MAX, *offset = ARENA_ARRAY(arena, int64_t, count + 1);
    int64_t bound = pack_bound(arena, stretch, count);
    for (int i = 0; i < ORDERS; i++) {
        /* of many, in time first: the others are tried where that leaves enough to gain */
        const struct order *order = &orders[count > FEW ? (i + IN_TIME) % ORDERS : i];
        if (order->weight && (count > MANY || (count > FEW && best - bound <= bound / ENOUGH)))
            continue;
        int64_t end = place(arena, stretch, count, groups, order);
        for (int k = 0; k < count && end < best; k++)
            offset[k] = stretch[k]->offset;
        best = end < best ? end : best;
    }
    for (int i = 0; i < count; i++)
        stretch[i]->offset = offset[i];
    return best;
}

int64_t pack_bound(struct arena *arena, struct stretch *const *stretch, int count)
{
    int groups = last_group(stretch, count) + 1;
    int64_t *change = ARENA_ARRAY(arena, int64_t, groups + 1), live = 0, bound = 0;
    for (int i = 0; i < count; i++) {
        change[stretch[i]->first] += stretch[i]->bytes;
        change[stretch[i]->last + 1] -= stretch[i]->bytes;
    }
    for (int g = 0; g < groups; g++) {
        live += change[g];
        bound = live > bound ? live : bound;
    }
    return bound;
}
