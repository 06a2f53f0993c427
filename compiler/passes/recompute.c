/* pass_recompute: what gradients read of the values of a `recompute { }` is made again, not kept.
 *
 * requires:    pass_simplify: what comes after it merges no two nodes that compute the same.
 * establishes: a gradient node of a region reads, of the region's values, only those that are kept;
 *              of the others it reads copies, each right before the first node that needs it: the
 *              same operators on the same operands, with the same random numbers, so that no bit
 *              changes.  Copies have `again` set and wait for a gradient that enters the region.
 *              Originals that nothing reads any longer are gone.  A cheap map of what gradients
 *              read anyway has a copy for each reader, which can compute it in its own loop.
 *
 * Kept is what a node outside of the region reads, its results, and what is summed over the rows:
 * statistics of a batch are small, and making them again would read all of it once more; and what
 * stands in a loop: gradients read it stacked.
 *
 * A region within another has its turn after that: of the copies that this one's gradients read,
 * the inner one's are made once more, and those of another inner one need not be there yet.
 * Last the gradients of regions come in such an order that sums of them take little memory. */
#include "graph/loop.h"
#include "graph/op.h"
#include "passes/pass.h"

/* Copies of cheap maps are so many within each other at most: each is a call within a call. */
enum { CHEAP_MAX = 8 };

struct recompute {
    struct graph *graph;
    struct arena *scratch;
    struct node **old;                  /* with new operands, once they are moved */
    int old_count;
    int **operand;                      /* by old id: old ids */
    int *region;                        /* by old id: the region at hand that it stands in, or 0 */
    bool *kept, *wanted;                /* by old id; wanted: a gradient reads it */
    struct loops loops;                 /* by old id */
    int *map, *again;                   /* old id -> new id of the node; of its copy, or -1 */
    int *own, *reader;                  /* by old id of a cheap map: its newest copy, whose it is */
    int *pending, pending_count, pending_room; /* old ids whose copies wait for others */
    int *after;                         /* region -> old id of the gradient that enters it, or -1 */
};

static bool sums_over_rows(const struct recompute *r, const struct node *node)
{
    bool sums = false;
    for (int i = 0; i < node->count; i++)
        sums |= node->shape.rows < 0 && r->old[node->operand[i]]->shape.rows >= 0;
    return sums;
}

static bool is_of_loop(const struct recompute *r, const struct node *node)
{
    return r->loops.at[node->id] >= 0 || op_def(node->op)->attributes & ATTR_LOOP;
}

/* What an outer region makes again are values to an inner one. */
static bool is_gradient(const struct node *node)
{
    return node->gradient && !node->again;
}

static void find_kept(struct recompute *r)
{
    for (int id = 0; id < r->old_count; id++) {
        const struct node *node = r->old[id];
        r->kept[id] = !r->region[id] || is_gradient(node) || sums_over_rows(r, node) ||
                      is_of_loop(r, node) || op_def(node->op)->class == CLASS_SOURCE;
        for (int i = 0; i < node->count; i++) {
            r->kept[node->operand[i]] |= r->region[node->operand[i]] != r->region[id];
            r->wanted[node->operand[i]] |= is_gradient(node);
        }
    }
}

/* Is the node a gradient of a region, and that operand, an old id, a value of it not kept? */
static bool reads_again(const struct recompute *r, int id, int operand)
{
    return r->region[id] && is_gradient(r->old[id]) && !r->kept[operand];
}

/* Finds, for each region, the last gradient that its own gradients read before the first of them
 * needs a copy: that cannot depend on one. */
static void find_entries(struct recompute *r, int regions)
{
    int *first = ARENA_ARRAY(r->scratch, int, regions);
    for (int id = r->old_count - 1; id >= 0; id--)
        for (int i = 0; i < r->old[id]->count; i++)
            if (reads_again(r, id, r->old[id]->operand[i]))
                first[r->region[id]] = id;
    for (int region = 0; region < regions; region++)
        r->after[region] = -1;
    for (int id = 0; id < r->old_count; id++)
        for (int i = 0; i < r->old[id]->count; i++) {
            int from = r->old[id]->operand[i], region = r->region[id];
            if (region && is_gradient(r->old[id]) && is_gradient(r->old[from]) &&
                from < first[region] && from > r->after[region])
                r->after[region] = from;
        }
}

static int append(struct recompute *r, struct node *node)
{
    struct graph *graph = r->graph;
    node->id = graph->count;
    ARENA_PUSH(graph->nodes, graph->node, graph->count, graph->room) = node;
    return node->id;
}

/* Is it a map of few instructions, of what is there until its own gradient is made, so that no copy
 * of it has to be? */
static bool is_cheap(const struct recompute *r, int id)
{
    const struct node *node = r->old[id];
    const int *operand = r->operand[id];
    bool cheap = op_def(node->op)->class == CLASS_MAP && node->count > 1;
    for (int i = 0; i < node->count; i++)
        cheap &= r->wanted[operand[i]] || r->old[operand[i]]->shape.rows < 0;
    return cheap && node->op != OP_POW && node->op != OP_DIV;
}

static int copy(struct recompute *r, int id, int reader, int depth);

/* The new id of the value as `reader` has it: a copy of its own of what is cheap, else the one that
 * all share. */
static int value_for(struct recompute *r, int id, int reader, int depth)
{
    if (r->kept[id])
        return r->map[id];
    if (depth == CHEAP_MAX || !is_cheap(r, id))
        return r->again[id];
    if (r->reader[id] != reader)
        r->own[id] = copy(r, id, reader, depth + 1);
    r->reader[id] = reader;
    return r->own[id];
}

static int copy(struct recompute *r, int id, int reader, int depth)
{
    const struct node *node = r->old[id];
    struct node *made = ARENA_NEW(r->graph->nodes, struct node);
    int entry = r->after[r->region[id]];
    *made = *node;
    made->operand = ARENA_ARRAY(r->graph->nodes, int, node->count + 1);
    made->gradient = made->again = true;
    made->after = entry < 0 ? -1 : r->map[entry];
    for (int i = 0; i < node->count; i++)
        made->operand[i] = value_for(r, r->operand[id][i], reader, depth);
    return append(r, made);
}

/* The value, or one that it is made of, whose shared copy is wanted and not there; or -1. */
static int missing(const struct recompute *r, int id, int depth)
{
    if (r->kept[id])
        return -1;
    if (depth == CHEAP_MAX || !is_cheap(r, id))
        return r->again[id] < 0 ? id : -1;
    int found = -1;
    for (int i = 0; found < 0 && i < r->old[id]->count; i++)
        found = missing(r, r->operand[id][i], depth + 1);
    return found;
}

/* Makes the shared copies that the value needs, however long their chain is. */
static void make_again(struct recompute *r, int id)
{
    int next = missing(r, id, 0);
    while (next >= 0) {
        ARENA_PUSH(r->scratch, r->pending, r->pending_count, r->pending_room) = next;
        for (next = -1; next < 0 && r->pending_count > 0;) {
            int top = r->pending[r->pending_count - 1];
            for (int i = 0; next < 0 && i < r->old[top]->count; i++)
                next = missing(r, r->operand[top][i], 0);
            if (next < 0) {
                r->again[top] = copy(r, top, top, 0);
                r->pending_count--;
            }
        }
        if (next < 0)
            next = missing(r, id, 0);
    }
}

static void move(struct recompute *r, int id)
{
    struct node *node = r->old[id];
    const int *operand = r->operand[id] = node->operand;
    int *moved = ARENA_ARRAY(r->graph->nodes, int, node->count + 1);
    for (int i = 0; i < node->count; i++) {
        bool again = reads_again(r, id, operand[i]);
        if (again)
            make_again(r, operand[i]);
        moved[i] = again ? value_for(r, operand[i], id, 0) : r->map[operand[i]];
    }
    node->operand = moved;
    if (node->forward >= 0)
        node->forward = r->map[node->forward];
    if (node->again && node->after >= 0)
        node->after = r->map[node->after];
    r->map[id] = append(r, node);
}

/* How many regions the region stands in, itself counted. */
static int depth_of(const struct graph *graph, int region)
{
    int depth = 0;
    for (; region > 0; region = graph->outer[region])
        depth++;
    return depth;
}

/* The region of that depth which the region stands in or is, or 0. */
static int region_at(const struct graph *graph, int region, int depth)
{
    int more = depth_of(graph, region) - depth;
    for (; more > 0; more--)
        region = graph->outer[region];
    return more == 0 ? region : 0;
}

/* Makes again what the regions of that depth do not keep. */
static void recompute(struct graph *graph, int depth)
{
    int count = graph->count, regions = graph->region_count;
    struct arena *arena = arena_new();
    struct recompute r = {.graph = graph, .scratch = arena, .old = graph->node, .old_count = count,
                          .operand = ARENA_ARRAY(arena, int *, count),
                          .region = ARENA_ARRAY(arena, int, count),
                          .kept = ARENA_ARRAY(arena, bool, count),
                          .wanted = ARENA_ARRAY(arena, bool, count),
                          .map = ARENA_ARRAY(arena, int, count),
                          .again = ARENA_ARRAY(arena, int, count),
                          .own = ARENA_ARRAY(arena, int, count),
                          .reader = ARENA_ARRAY(arena, int, count),
                          .after = ARENA_ARRAY(arena, int, regions)};
    r.loops = loops_of(graph, arena);
    for (int id = 0; id < count; id++)
        r.region[id] = region_at(graph, graph->node[id]->region, depth);
    graph->node = NULL;
    graph->count = graph->room = 0;
    find_kept(&r);
    find_entries(&r, regions);
    for (int id = 0; id < count; id++)
        r.again[id] = r.reader[id] = -1;
    for (int id = 0; id < count; id++)
        move(&r, id);
    graph_drop_dead(graph);
    arena_free(arena);
    graph_verify(graph, "recompute");
}

/* ---- the order of gradients ---- */

/* Nodes first .. end - 1: gradients of one region of the depth at hand, and what others make again
 * amid them. */
struct block {
    int first, end;
};

struct turn {
    struct graph *graph;
    int *region;                        /* by id: the region of the depth at hand, or 0 */
    int *block;                         /* by id: the region of the block that it stands in */
    bool *free;                         /* by id: stands before all blocks at hand */
    int *map;                           /* old id -> new id */
    struct node **sorted;
    int count;
};

/* What several blocks read may stand before all of them, with what it is made of from node `from`
 * on, unless that is made again for one of them, or long: it is then free. */
static bool can_be_free(const struct turn *t, int id, int from, int depth)
{
    const struct node *node = t->graph->node[id];
    bool can = !(node->again && t->region[id] == t->block[id]) && depth < CHEAP_MAX;
    if (id < from || t->free[id])
        return true;
    for (int i = 0; can && i < node->count; i++)
        can = can_be_free(t, node->operand[i], from, depth + 1);
    return can && !(node->again && node->after >= from && !t->free[node->after]);
}

static void set_free(const struct turn *t, int id, int from)
{
    const struct node *node = t->graph->node[id];
    if (id < from || t->free[id])
        return;
    t->free[id] = true;
    for (int i = 0; i < node->count; i++)
        set_free(t, node->operand[i], from);
}

/* Does the node wait for one between `from` and `to` that cannot be free? */
static bool waits_for(const struct turn *t, int id, int from, int to)
{
    const struct node *node = t->graph->node[id];
    for (int i = node->again ? -1 : 0; i < node->count; i++) {
        int needed = i < 0 ? node->after : node->operand[i];
        if (needed >= to || needed < from)
            continue;
        if (!can_be_free(t, needed, from, 0))
            return true;
        set_free(t, needed, from);
    }
    return false;
}

/* The block that begins at the node, a gradient's of a region. */
static struct block block_at(const struct turn *t, int first)
{
    struct block block = {first, first + 1};
    int region = t->region[first];
    for (int id = first; id < t->graph->count && t->graph->node[id]->gradient; id++) {
        if (t->region[id] == region)
            block.end = id + 1;
        else if (!t->graph->node[id]->again)
            break;
    }
    for (int id = first; id < block.end; id++)
        t->block[id] = region;
    return block;
}

/* Lists the blocks from the node on, of regions side by side in one, of which none waits for
 * another; returns their number. */
static int list_blocks(const struct turn *t, int first, struct block *block)
{
    const int *outer = t->graph->outer;
    int count = 0, at = first;
    while (at < t->graph->count && t->graph->node[at]->gradient && t->region[at] &&
           outer[t->region[at]] == outer[t->region[first]]) {
        block[count] = block_at(t, at);
        for (; at < block[count].end; at++)
            if (waits_for(t, at, first, block[count].first))
                return count;
        count++;
    }
    return count;
}

/* Moves those nodes of the block that are free, or are not, to the end of the new order. */
static void take(struct turn *t, const struct block *block, bool free)
{
    for (int id = block->first; id < block->end; id++)
        if (t->free[id] == free) {
            t->map[id] = t->count;
            t->sorted[t->count++] = t->graph->node[id];
        }
}

static void renumber(struct graph *graph, const int *map, struct node **sorted)
{
    graph->node = sorted;
    graph->room = graph->count;
    for (int id = 0; id < graph->count; id++) {
        struct node *node = sorted[id];
        node->id = id;
        for (int i = 0; i < node->count; i++)
            node->operand[i] = map[node->operand[i]];
        node->forward = node->forward < 0 ? -1 : map[node->forward];
        node->after = node->again && node->after >= 0 ? map[node->after] : -1;
    }
}

/* Gradients go the way back, but contributions to one are added up in the order of the model
 * (docs/numerics.md): where regions do not wait for each other, the first of the model comes
 * first, so that contributions are added as they are made, and need not lie there until the last
 * is. */
static void turn_regions(struct graph *graph, int depth)
{
    struct arena *arena = arena_new();
    int count = graph->count;
    struct block *block = ARENA_ARRAY(arena, struct block, count + 1);
    struct turn t = {graph, ARENA_ARRAY(arena, int, count + 1),
                     ARENA_ARRAY(arena, int, count + 1), ARENA_ARRAY(arena, bool, count + 1),
                     ARENA_ARRAY(arena, int, count + 1),
                     ARENA_ARRAY(graph->nodes, struct node *, count + 1), 0};
    for (int id = 0; id < count; id++)
        t.region[id] = region_at(graph, graph->node[id]->region, depth);
    for (int id = 0; id < count; id = block[0].end) {
        int blocks = list_blocks(&t, id, block);
        if (blocks == 0)
            block[blocks++] = (struct block){id, id + 1};
        for (int k = 0; k < blocks; k++)
            take(&t, &block[k], true);
        for (int k = blocks - 1; k >= 0; k--)
            take(&t, &block[k], false);
        block[0].end = block[blocks - 1].end;
    }
    renumber(graph, t.map, t.sorted);
    arena_free(arena);
}

/* Is the node the sum of contributions to a gradient? */
static bool is_sum(const struct node *node)
{
    return node->op == OP_ADD && is_gradient(node);
}

/* Nodes in their new order, sums as soon as what they add is there. */
struct line_up {
    struct graph *graph;
    int *map;                           /* old id -> new id, or -1 */
    int *user, *next;                   /* 2 * sum + operand: the first of an old id; the next */
    struct node **sorted;
    int count;
};

/* Could the sum come now? */
static bool is_there(const struct line_up *l, int id)
{
    const struct node *node = l->graph->node[id];
    bool there = l->map[id] < 0;
    for (int i = 0; i < node->count; i++)
        there &= l->map[node->operand[i]] >= 0;
    return there;
}

static void put(struct line_up *l, int id)
{
    l->map[id] = l->count;
    l->sorted[l->count++] = l->graph->node[id];
}

/* The node, if it is not there, then sums that waited for it, and those that waited for these. */
static void put_with_sums(struct line_up *l, int id)
{
    int done = l->count;
    if (l->map[id] < 0)
        put(l, id);
    while (done < l->count) {
        int user = l->user[l->sorted[done++]->id];
        for (; user >= 0; user = l->next[user])
            if (is_there(l, user / 2))
                put(l, user / 2);
    }
}

static void hasten_sums(struct graph *graph)
{
    struct arena *arena = arena_new();
    int count = graph->count;
    struct line_up l = {graph, ARENA_ARRAY(arena, int, count), ARENA_ARRAY(arena, int, count),
                        ARENA_ARRAY(arena, int, 2 * count),
                        ARENA_ARRAY(graph->nodes, struct node *, count + 1), 0};
    for (int id = 0; id < count; id++)
        l.map[id] = l.user[id] = -1;
    for (int id = 0; id < count; id++)
        for (int i = 0; is_sum(graph->node[id]) && i < 2; i++) {
            int operand = graph->node[id]->operand[i];
            l.next[2 * id + i] = l.user[operand];
            l.user[operand] = 2 * id + i;
        }
    for (int id = 0; id < count; id++)
        put_with_sums(&l, id);
    renumber(graph, l.map, l.sorted);
    arena_free(arena);
}

void pass_recompute(struct graph *graph)
{
    int deepest = 0;
    for (int region = 1; region < graph->region_count; region++)
        if (depth_of(graph, region) > deepest)
            deepest = depth_of(graph, region);
    for (int depth = 1; depth <= deepest; depth++)
        recompute(graph, depth);
    for (int depth = 1; depth <= deepest && graph->loop_count == 0; depth++)
        turn_regions(graph, depth);
    if (deepest > 0 && graph->loop_count == 0)
        hasten_sums(graph);
}
