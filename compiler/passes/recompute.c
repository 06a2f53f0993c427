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
 * the inner one's are made once more, and those of another inner one need not be there yet. */
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

void pass_recompute(struct graph *graph)
{
    int deepest = 0;
    for (int region = 1; region < graph->region_count; region++)
        if (depth_of(graph, region) > deepest)
            deepest = depth_of(graph, region);
    for (int depth = 1; depth <= deepest; depth++)
        recompute(graph, depth);
}
