/* pass_order: the running order of groups.
 *
 * requires:    pass_fuse.
 * establishes: schedule->group in an order in which each group comes after what it reads, and each
 *              store of a variable after whatever else reads the variable; the groups of a loop one
 *              after another, behind all that these read of outside; first what the loss needs,
 *              then the rest: the first group that stores a variable other than VAR_LOSS, and all
 *              after it, have update set (where it is apart none of the train phase, whose sums
 *              another graph takes).  Among groups that could run, those that free more memory
 *              than they take, or take none, come first, ascending by what they take: of steps that
 *              lower memory the one with the least peak first.  So a parameter is updated once its
 *              gradient exists.  Else in the order of the model: by their last nodes. */
#include <assert.h>
#include <string.h>

#include "graph/op.h"
#include "passes/schedule.h"

struct item {
    int loop, depth;                    /* in whose turns it runs, or -1; how many are around it */
    bool for_loss;                      /* the loss needs it */
    bool done;
    int waits;                          /* edges from groups that must still run before */
    struct ids after;                   /* groups that wait for this one */
    struct ids reads;                   /* stored nodes of other groups that it reads */
    int64_t makes;                      /* bytes it takes for its own */
};

/* A group that waits for none, as it was when it was found so. */
struct ready {
    int group;
    int64_t takes;                      /* bytes, where it frees more; else INT64_MAX */
    int64_t gain;                       /* bytes that it frees more than it takes, or 0 */
    int turn;                           /* the node by which its turn comes */
};

struct order {
    struct graph *graph;
    struct arena *scratch;
    struct schedule *schedule;
    struct item *item;                  /* behind the groups: moments (schedule_moments) */
    int *last;                          /* moment -> begin of a loop: its last node */
    int *readers;                       /* node id -> groups that have yet to read it */
    int *reader;                        /* node id -> the exclusive or of their numbers */
    struct ready *ready;                /* a heap: none precedes that at half its place */
    int ready_count, ready_room;
};

/* The item that the node, or the moment, is. */
static int item_of(const struct order *order, int id)
{
    int count = order->graph->count;
    return id < count ? order->schedule->group_of[id] : order->schedule->group_count + id - count;
}

static int begin_of(const struct order *order, int loop)
{
    return item_of(order, schedule_begin(order->graph, loop));
}

static int end_of(const struct order *order, int loop)
{
    return item_of(order, schedule_end(order->graph, loop));
}

/* Is the item the begin of a loop? */
static bool is_begin(const struct order *order, int item)
{
    int moment = item - order->schedule->group_count;
    return moment > 0 && moment % 2 == 1;
}

static void wait_for(struct order *order, int before, int after)
{
    if (before == after)
        return;
    ids_add(order->scratch, &order->item[before].after, after);
    order->item[after].waits++;
}

/* The first item comes before the second, and a loop that holds one of them as a whole. */
static void add_edge(struct order *order, int before, int after)
{
    int id[2] = {-1, -1};
    schedule_edge(order->graph, order->item[before].loop, order->item[after].loop, &id[0], &id[1]);
    wait_for(order, id[0] < 0 ? before : item_of(order, id[0]),
             id[1] < 0 ? after : item_of(order, id[1]));
}

/* The place of a loop in the order of the model is that of its last node. */
static void note_last(struct order *order, int loop, const struct group *group)
{
    int *last = &order->last[begin_of(order, loop) - order->schedule->group_count];
    for (int m = 0; m < group->count; m++)
        *last = group->node[m] > *last ? group->node[m] : *last;
}

/* What runs in a loop stands between its begin and its end, which are of the loop around it. */
static void bound_loops(struct order *order)
{
    const struct graph *graph = order->graph;
    for (int g = 0; g < order->schedule->group_count + schedule_moments(graph); g++)
        order->item[g].loop = -1;
    for (int loop = 0; loop < graph->loop_count; loop++) {
        int outer = graph->loop[loop].outer, begin = begin_of(order, loop);
        order->item[begin].loop = order->item[end_of(order, loop)].loop = outer;
        order->item[begin].depth = schedule_depth(graph, loop);
        wait_for(order, begin, end_of(order, loop));
        if (outer < 0)
            continue;
        wait_for(order, begin_of(order, outer), begin);
        wait_for(order, end_of(order, loop), end_of(order, outer));
    }
    for (int g = 0; g < order->schedule->group_count; g++) {
        int loop = order->item[g].loop = order->schedule->group[g].loop;
        if (loop < 0)
            continue;
        order->item[g].depth = schedule_depth(graph, loop) + 1;
        for (int around = loop; around >= 0; around = graph->loop[around].outer)
            note_last(order, around, &order->schedule->group[g]);
        wait_for(order, begin_of(order, loop), g);
        wait_for(order, g, end_of(order, loop));
    }
}

/* Adds what the group reads; reader: node id -> one more than the last group that did. */
static void find_reads(struct order *order, int g, int *reader)
{
    struct ids sources = {0};
    schedule_group_sources(order->graph, &order->schedule->group[g], order->scratch, &sources);
    for (int i = 0; i < sources.count; i++) {
        int id = sources.id[i], from = item_of(order, id);
        if (from < 0 || from == g || reader[id] == g + 1)
            continue;
        reader[id] = g + 1;
        add_edge(order, from, g);
        ids_add(order->scratch, &order->item[g].reads, id);
    }
}

static void find_edges(struct order *order)
{
    const struct graph *graph = order->graph;
    int *reader = ARENA_ARRAY(order->scratch, int, graph->count);
    struct ids first = {0}, second = {0};
    bound_loops(order);
    for (int g = 0; g < order->schedule->group_count; g++)
        find_reads(order, g, reader);
    schedule_hazards(graph, order->scratch, &first, &second);
    for (int i = 0; i < first.count; i++)
        add_edge(order, item_of(order, first.id[i]), item_of(order, second.id[i]));
}

static void measure(struct order *order)
{
    const struct schedule *schedule = order->schedule;
    for (int g = 0; g < schedule->group_count; g++) {
        struct item *item = &order->item[g];
        for (int i = 0; i < item->reads.count; i++) {
            order->readers[item->reads.id[i]]++;
            order->reader[item->reads.id[i]] ^= g;
        }
        for (int m = 0; m < schedule->group[g].count; m++) {
            const struct place *place = &schedule->place[schedule->group[g].node[m]];
            item->makes += place->kind == PLACE_ARENA ? place->bytes : 0;
        }
    }
}

static bool stores(const struct graph *graph, const struct group *group, bool loss)
{
    for (int m = 0; m < group->count; m++) {
        const struct node *node = graph->node[group->node[m]];
        if (node->op == OP_STORE &&
            (graph->program->variable[node->attr.variable]->kind == VAR_LOSS) == loss)
            return true;
    }
    return false;
}

/* Marks a group, or the begin of a loop, and puts it on the stack. */
static void mark_for_loss(struct order *order, int g, struct ids *stack)
{
    if (!order->item[g].for_loss)
        ids_add(order->scratch, stack, g);
    order->item[g].for_loss = true;
}

/* Marks the loop around a group, or all that runs in a loop: what waits for its begin. */
static void mark_loop(struct order *order, int g, struct ids *stack)
{
    const struct ids *after = &order->item[g].after;
    if (order->item[g].loop >= 0)
        mark_for_loss(order, begin_of(order, order->item[g].loop), stack);
    for (int i = 0; is_begin(order, g) && i < after->count; i++)
        if (after->id[i] < order->schedule->group_count || is_begin(order, after->id[i]))
            mark_for_loss(order, after->id[i], stack);
}

/* Marks what the losses need, directly or not. */
static void find_loss(struct order *order)
{
    const struct schedule *schedule = order->schedule;
    struct ids stack = {0};
    for (int g = 0; g < schedule->group_count; g++)
        if (stores(order->graph, &schedule->group[g], true))
            mark_for_loss(order, g, &stack);
    while (stack.count > 0) {
        int marked = stack.id[--stack.count];
        const struct ids *reads = &order->item[marked].reads;
        mark_loop(order, marked, &stack);
        for (int i = 0; i < reads->count; i++)
            mark_for_loss(order, schedule->group_of[reads->id[i]], &stack);
    }
}

/* Bytes that running the group would free, less those that it takes. */
static int64_t gain(const struct order *order, int g)
{
    const struct item *item = &order->item[g];
    int64_t bytes = -item->makes;
    for (int i = 0; i < item->reads.count; i++)
        if (order->readers[item->reads.id[i]] == 1)
            bytes += order->schedule->place[item->reads.id[i]].bytes;
    return bytes;
}

/* The node whose turn is the group's: its last, or, where it makes a number a node at most, such as
 * all learning rates and counts of rows at once, its first. */
static int turn_of(const struct order *order, int g)
{
    if (is_begin(order, g))
        return order->last[g - order->schedule->group_count];
    const struct group *group = &order->schedule->group[g];
    bool numbers = order->item[g].makes <= 4 * group->count;
    int turn = group->node[0];
    for (int m = 1; m < group->count; m++)
        if (numbers ? group->node[m] < turn : group->node[m] > turn)
            turn = group->node[m];
    return turn;
}

/* Should group a run before b? */
static bool precedes(const struct order *order, const struct ready *a, const struct ready *b)
{
    const struct item *x = &order->item[a->group], *y = &order->item[b->group];
    if (x->depth != y->depth)
        return x->depth > y->depth;     /* a loop that has begun goes to its end */
    if (x->for_loss != y->for_loss)
        return x->for_loss;
    if (a->takes != b->takes)
        return a->takes < b->takes;
    return a->gain != b->gain ? a->gain > b->gain : a->turn < b->turn;
}

static void add_ready(struct order *order, int g)
{
    int64_t more = gain(order, g), takes = order->item[g].makes;
    bool frees = (more > 0 || takes == 0) && !is_begin(order, g);
    struct ready ready = {g, frees ? takes : INT64_MAX, more > 0 ? more : 0, turn_of(order, g)};
    ARENA_PUSH(order->scratch, order->ready, order->ready_count, order->ready_room) =
        ready;
    struct ready *heap = order->ready - 1;
    int at = order->ready_count;
    for (; at > 1 && precedes(order, &ready, &heap[at / 2]); at /= 2)
        heap[at] = heap[at / 2];
    heap[at] = ready;
}

/* Takes the first out of the heap. */
static int take_ready(struct order *order)
{
    assert(order->ready_count > 0 && "groups depend on one another in a circle");
    struct ready *heap = order->ready - 1, last = order->ready[--order->ready_count];
    int first = heap[1].group, at = 1;
    for (int kid = 2; kid <= order->ready_count; kid *= 2) {
        kid += kid < order->ready_count && precedes(order, &heap[kid + 1], &heap[kid]);
        if (!precedes(order, &heap[kid], &last))
            break;
        heap[at] = heap[kid];
        at = kid;
    }
    heap[at] = last;
    return first;
}

static void run_after(struct order *order, int g)
{
    const struct ids *after = &order->item[g].after;
    order->item[g].done = true;
    for (int i = 0; i < after->count; i++) {
        int next = after->id[i];
        if (--order->item[next].waits > 0)
            continue;
        if (next >= order->schedule->group_count && !is_begin(order, next))
            run_after(order, next);
        else
            add_ready(order, next);
    }
}

/* The next group; one that came to gain more while it was ready is there more than once.  A loop
 * whose turn comes begins. */
static int choose(struct order *order)
{
    int g = take_ready(order);
    while (order->item[g].done || is_begin(order, g)) {
        if (!order->item[g].done)
            run_after(order, g);
        g = take_ready(order);
    }
    return g;
}

static void run(struct order *order, int g)
{
    const struct ids *reads = &order->item[g].reads;
    for (int i = 0; i < reads->count; i++) {
        int id = reads->id[i];
        order->reader[id] ^= g;
        if (--order->readers[id] == 1 && order->item[order->reader[id]].waits == 0)
            add_ready(order, order->reader[id]);
    }
    run_after(order, g);
}

/* What waits for nothing from the start. */
static void begin(struct order *order)
{
    int count = order->schedule->group_count, all = count + schedule_moments(order->graph);
    bool looked = order->item[count].waits == 0;
    for (int g = 0; g < all; g++)
        if (order->item[g].waits == 0 && (g < count || is_begin(order, g)))
            add_ready(order, g);
    if (looked)
        run_after(order, count);
}

void pass_order(struct graph *graph)
{
    struct schedule *schedule = graph->schedule;
    struct arena *arena = arena_new();
    int count = schedule->group_count, moments = schedule_moments(graph);
    struct order order = {.graph = graph, .schedule = schedule, .scratch = arena,
                          .item = ARENA_ARRAY(arena, struct item, count + moments),
                          .last = ARENA_ARRAY(arena, int, moments),
                          .readers = ARENA_ARRAY(arena, int, graph->count),
                          .reader = ARENA_ARRAY(arena, int, graph->count)};
    struct group *sorted = ARENA_ARRAY(graph->program->arena, struct group, count);
    find_edges(&order);
    measure(&order);
    find_loss(&order);
    begin(&order);
    /* an update apart: the loss is known when all shards have run, what follows is another phase */
    bool update = false, looks = !program_updates_apart(graph->program);
    for (int i = 0; i < count; i++) {
        int g = choose(&order);
        run(&order, g);
        sorted[i] = schedule->group[g];
        update |= looks && stores(graph, &sorted[i], false);
        sorted[i].update = update;
    }
    schedule->group = sorted;
    schedule->group_room = count;
    for (int g = 0; g < count; g++)
        for (int m = 0; m < sorted[g].count; m++)
            schedule->group_of[sorted[g].node[m]] = g;
    arena_free(arena);
}
