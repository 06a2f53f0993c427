/* An order that is kept while its things are joined (incremental topological order).
 *
 * The line is a list whose labels ascend.  A way between two things is looked for from both ends
 * at once, and only at what stands between them: the side that comes to its end first says that
 * there is none, and what it found is all that has to move when the two are joined.  Where there
 * is a way, it is most often a long one, from a layer's value to its gradient: a part of the
 * spine, the longest way in all.  Each thing knows where it leaves for the spine and where it is
 * reached from it, which answers without a search. */
#include "passes/line.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

enum { AFTER, BEFORE };

/* Between the labels of neighbours, when all are given anew. */
static const int64_t LABEL_STEP = (int64_t)1 << 32;

struct thing {
    int parent;                         /* another that took this one in, or itself */
    int part;                           /* the next of those that are joined: a ring */
    struct ids next[2];                 /* things AFTER and BEFORE this part */
    int seen[2];                        /* the last search that came by, from either end */
    int link[2];                        /* neighbours in the line */
    int64_t label;
    bool on_spine;
    int leaves, enters;                 /* the first place of the spine, outside, that it must come
                                         * before; the last that it must come after */
};

struct line {
    struct arena *arena;
    struct thing *thing;                /* thing[count] is both ends of the list */
    int count;
    bool sorted;
    int search;
    struct ids found[2];                /* by the last search, from either end */
    int end[2];                         /* where it began */
    int done;                           /* the side that came to its end */
};

struct line *line_new(struct arena *arena, int count)
{
    struct line *line = ARENA_NEW(arena, struct line);
    line->arena = arena;
    line->count = count;
    line->thing = ARENA_ARRAY(arena, struct thing, count + 1);
    for (int id = 0; id <= count; id++) {
        struct thing *thing = &line->thing[id];
        thing->parent = thing->part = id;
        thing->link[AFTER] = thing->link[BEFORE] = id;
        thing->leaves = INT_MAX;
        thing->enters = -1;
    }
    return line;
}

void line_edge(struct line *line, int first, int second)
{
    ids_add(line->arena, &line->thing[first].next[AFTER], second);
    ids_add(line->arena, &line->thing[second].next[BEFORE], first);
}

int line_find(struct line *line, int id)
{
    struct thing *thing = line->thing;
    while (thing[id].parent != id)
        id = thing[id].parent = thing[thing[id].parent].parent;
    return id;
}

/* Walks the things next to all parts of one: *part is the part at hand and *at the place in its
 * list; begins with *part = id and *at = 0, and ends with -1. */
static int neighbour(struct line *line, int id, int side, int *part, int *at)
{
    while (*at == line->thing[*part].next[side].count) {
        *part = line->thing[*part].part;
        *at = 0;
        if (*part == id)
            return -1;
    }
    return line_find(line, line->thing[*part].next[side].id[(*at)++]);
}

bool line_precedes(struct line *line, int first, int second)
{
    struct ids *found = &line->found[AFTER];
    line->search++;
    found->count = 0;
    ids_add(line->arena, found, first);
    for (int i = 0; i < found->count; i++) {
        int id = found->id[i], part = id, at = 0, next;
        while ((next = neighbour(line, id, AFTER, &part, &at)) >= 0) {
            if (next == second)
                return true;
            if (line->thing[next].seen[AFTER] == line->search)
                continue;
            line->thing[next].seen[AFTER] = line->search;
            ids_add(line->arena, found, next);
        }
    }
    return false;
}

/* ---- the list ---- */

static void put_behind(struct line *line, int place, int id)
{
    struct thing *thing = line->thing;
    int next = thing[place].link[AFTER];
    thing[id].link[BEFORE] = place;
    thing[id].link[AFTER] = next;
    thing[place].link[AFTER] = thing[next].link[BEFORE] = id;
}

static void take_out(struct line *line, int id)
{
    struct thing *thing = line->thing;
    thing[thing[id].link[BEFORE]].link[AFTER] = thing[id].link[AFTER];
    thing[thing[id].link[AFTER]].link[BEFORE] = thing[id].link[BEFORE];
}

static void label_all(struct line *line)
{
    struct thing *thing = line->thing;
    int64_t label = 0;
    for (int id = thing[line->count].link[AFTER]; id != line->count; id = thing[id].link[AFTER])
        thing[id].label = label += LABEL_STEP;
    thing[line->count].label = label + LABEL_STEP;
}

/* Labels the `count` things behind `place`, which have none yet. */
static void label_behind(struct line *line, int place, int count)
{
    struct thing *thing = line->thing;
    int end = place;
    for (int i = 0; i <= count; i++)
        end = thing[end].link[AFTER];
    int64_t label = place == line->count ? 0 : thing[place].label;
    int64_t step = (thing[end].label - label) / (count + 1);
    if (step == 0) {
        label_all(line);
        return;
    }
    for (int id = thing[place].link[AFTER]; id != end; id = thing[id].link[AFTER])
        thing[id].label = label += step;
}

/* ---- sorting ---- */

/* Appends what waits for nothing, the last that became so first: what depends on one another
 * stands together. */
static void append_ready(struct line *line, int *waits, struct ids *ready)
{
    int placed = 0, all = 0;
    for (int id = 0; id < line->count; id++)
        all += line->thing[id].parent == id;
    for (; ready->count > 0; placed++) {
        int id = ready->id[--ready->count], part = id, at = 0, next;
        put_behind(line, line->thing[line->count].link[BEFORE], id);
        while ((next = neighbour(line, id, AFTER, &part, &at)) >= 0)
            if (next != id && --waits[next] == 0)
                ids_add(line->arena, ready, next);
    }
    assert(placed == all && "things must come before one another in a circle");
}

/* The longest way that ends at each thing, of which the longest of all is the spine: it is marked
 * and its places are numbered. */
static void find_spine(struct line *line)
{
    struct thing *thing = line->thing;
    int *depth = ARENA_ARRAY(line->arena, int, line->count + 1);
    int *from = ARENA_ARRAY(line->arena, int, line->count + 1), last = line->count;
    for (int id = thing[line->count].link[AFTER]; id != line->count; id = thing[id].link[AFTER]) {
        int part = id, at = 0, next;
        depth[id]++;
        while ((next = neighbour(line, id, AFTER, &part, &at)) >= 0)
            if (next != id && depth[next] < depth[id]) {
                depth[next] = depth[id];
                from[next] = id;
            }
        last = depth[id] > depth[last] ? id : last;
    }
    for (int id = last, place = depth[last]; place-- > 0; id = from[id]) {
        thing[id].on_spine = true;
        thing[id].leaves = place + 1;
        thing[id].enters = place - 1;
    }
}

/* Where each thing leaves for the spine (side AFTER) or is reached from it (BEFORE). */
static void reach_spine(struct line *line, int side)
{
    struct thing *thing = line->thing;
    int against = 1 - side;
    for (int id = thing[line->count].link[against]; id != line->count;
         id = thing[id].link[against]) {
        int part = id, at = 0, next;
        while (!thing[id].on_spine && (next = neighbour(line, id, side, &part, &at)) >= 0) {
            const struct thing *other = &thing[next];
            int leaves = other->leaves - other->on_spine, enters = other->enters + other->on_spine;
            if (side == AFTER && leaves < thing[id].leaves)
                thing[id].leaves = leaves;
            if (side == BEFORE && enters > thing[id].enters)
                thing[id].enters = enters;
        }
    }
}

void line_sort(struct line *line)
{
    int *waits = ARENA_ARRAY(line->arena, int, line->count + 1);
    struct ids ready = {0};
    for (int id = 0; id < line->count; id++) {
        int part = id, at = 0, next;
        while (line->thing[id].parent == id &&
               (next = neighbour(line, id, AFTER, &part, &at)) >= 0)
            waits[next] += next != id;
    }
    for (int id = line->count - 1; id >= 0; id--)
        if (line->thing[id].parent == id && waits[id] == 0)
            ids_add(line->arena, &ready, id);
    append_ready(line, waits, &ready);
    label_all(line);
    find_spine(line);
    reach_spine(line, AFTER);
    reach_spine(line, BEFORE);
    line->sorted = true;
}

/* ---- ways ---- */

/* Adds what is next to the thing and stands before the other end; true where that is the other
 * end, come to through a third, or was found from there. */
static bool look_around(struct line *line, int id, int side)
{
    const struct thing *other = &line->thing[line->end[1 - side]];
    int part = id, at = 0, next;
    while ((next = neighbour(line, id, side, &part, &at)) >= 0) {
        struct thing *thing = &line->thing[next];
        if (next == id || thing->seen[side] == line->search)
            continue;
        if (thing == other) {
            if (id != line->end[side])
                return true;
            continue;
        }
        if ((side == AFTER) == (thing->label > other->label))
            continue;
        if (thing->seen[1 - side] == line->search)
            return true;
        thing->seen[side] = line->search;
        ids_add(line->arena, &line->found[side], next);
    }
    return false;
}

bool line_way_between(struct line *line, int a, int b)
{
    bool ahead = line->thing[a].label < line->thing[b].label;
    int early = ahead ? a : b, late = ahead ? b : a, looked[2] = {0};
    if (line->thing[early].leaves <= line->thing[late].enters)
        return true;
    line->search++;
    line->end[AFTER] = early;
    line->end[BEFORE] = late;
    line->found[AFTER].count = line->found[BEFORE].count = 0;
    if (look_around(line, early, AFTER) || look_around(line, late, BEFORE))
        return true;
    int side = AFTER;
    for (; looked[side] < line->found[side].count; side = 1 - side)
        if (look_around(line, line->found[side].id[looked[side]++], side))
            return true;
    line->done = side;
    return false;
}

/* ---- joining ---- */

struct labelled {
    int64_t label;
    int id;
};

static int by_label(const void *a, const void *b)
{
    int64_t x = ((const struct labelled *)a)->label, y = ((const struct labelled *)b)->label;
    return (x > y) - (x < y);
}

/* Puts what must come after the early one behind the late one, or what must come before the late
 * one before the early one: the side that the search has found all of. */
static void make_way(struct line *line)
{
    const struct ids *found = &line->found[line->done];
    int place = line->end[1 - line->done];
    struct labelled *move = malloc(sizeof *move * (size_t)(found->count + 1));
    assert(move != NULL);
    for (int i = 0; i < found->count; i++)
        move[i] = (struct labelled){line->thing[found->id[i]].label, found->id[i]};
    qsort(move, (size_t)found->count, sizeof *move, by_label);
    if (line->done == BEFORE)
        place = line->thing[place].link[BEFORE];
    for (int i = 0; i < found->count; i++)
        take_out(line, move[i].id);
    for (int i = found->count - 1; i >= 0; i--)
        put_behind(line, place, move[i].id);
    label_behind(line, place, found->count);
    free(move);
}

/* The joined one stands where the other end of the search did, beside which nothing had to move. */
static void take_place(struct line *line, int first, int second)
{
    struct thing *thing = line->thing;
    int keeps = line->end[1 - line->done], goes = line->end[line->done];
    assert((keeps == first && goes == second) || (keeps == second && goes == first));
    take_out(line, goes);
    if (keeps == first)
        return;
    put_behind(line, keeps, first);
    thing[first].label = thing[second].label;
    take_out(line, second);
}

static void join_spine(struct thing *a, const struct thing *b)
{
    bool own = a->on_spine && !b->on_spine, other = b->on_spine && !a->on_spine;
    bool both = a->on_spine && b->on_spine;
    if (own)
        return;
    if (other || (both ? b->leaves > a->leaves : b->leaves < a->leaves))
        a->leaves = b->leaves;
    if (other || (both ? b->enters < a->enters : b->enters > a->enters))
        a->enters = b->enters;
    a->on_spine |= b->on_spine;
}

void line_join(struct line *line, int first, int second)
{
    struct thing *a = &line->thing[first], *b = &line->thing[second];
    if (line->sorted) {
        make_way(line);
        take_place(line, first, second);
        join_spine(a, b);
    }
    b->parent = first;
    int part = a->part;
    a->part = b->part;
    b->part = part;
}
