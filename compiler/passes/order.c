/* pass_order: the running order of groups.
 *
 * requires:    pass_fuse.
 * establishes: schedule->group in an order in which each group comes after what it reads, and each
 *              store of a variable after whatever else reads the variable; first what the loss
 *              needs, then the rest: the first group that stores a variable other than VAR_LOSS,
 *              and all after it, have update set.  Among groups that could run, those that
 *              free more memory than they take, or take none, come first, ascending by what they
 *              take: of steps that lower memory the one with the least peak first.  So a parameter
 *              is updated once its gradient exists.  Else in the order of the model: by
 *              their last nodes. */
#include <assert.h>
#include <string.h>

#include "graph/op.h"
#include "passes/schedule.h"

struct item {
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
    struct item *item;                  /* the last is no group: the moment when the loss is
                                         * looked at */
    int *readers;                       /* node id -> groups that have yet to read it */
    int *reader;                        /* node id -> the exclusive or of their numbers */
    struct ready *ready;                /* a heap: none precedes that at half its place */
    int ready_count, ready_room;
};

static int group_of(const struct order *order, int id)
{
    bool node = id < order->graph->count;
    return node ? order->schedule->group_of[id] : order->schedule->group_count;
}

static void add_edge(struct order *order, int before, int after)
{
    if (before == after)
        return;
    ids_add(order->scratch, &order->item[before].after, after);
    order->item[after].waits++;
}

/* Adds what the group reads; reader: node id -> one more than the last group that did. */
static void find_reads(struct order *order, int g, int *reader)
{
    const struct graph *graph = order->graph;
    const struct group *group = &order->schedule->group[g];
    struct ids sources = {0};
    for (int m = 0; m < group->count; m++)
        for (int i = 0; i < graph->node[group->node[m]]->count; i++)
            schedule_sources(graph, graph->node[group->node[m]]->operand[i], order->scratch,
                             &sources);
    for (int i = 0; i < sources.count; i++) {
        int id = sources.id[i], from = group_of(order, id);
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
    for (int g = 0; g < order->schedule->group_count; g++)
        find_reads(order, g, reader);
    schedule_hazards(graph, order->scratch, &first, &second);
    for (int i = 0; i < first.count; i++)
        add_edge(order, group_of(order, first.id[i]), group_of(order, second.id[i]));
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

static void mark_for_loss(struct order *order, int g, struct ids *stack)
{
    if (!order->item[g].for_loss)
        ids_add(order->scratch, stack, g);
    order->item[g].for_loss = true;
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
        const struct ids *reads = &order->item[stack.id[--stack.count]].reads;
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
    bool first = order->item[a->group].for_loss;
    if (first != order->item[b->group].for_loss)
        return first;
    if (a->takes != b->takes)
        return a->takes < b->takes;
    return a->gain != b->gain ? a->gain > b->gain : a->turn < b->turn;
}

static void add_ready(struct order *order, int g)
{
    int64_t more = gain(order, g), takes = order->item[g].makes;
    struct ready ready = {g, more > 0 || takes == 0 ? takes : INT64_MAX, more > 0 ? more : 0,
                          turn_of(order, g)};
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

/* The next group; one that came to gain more while it was ready is there more than once. */
static int choose(struct order *order)
{
    int g = take_ready(order);
    while (order->item[g].done)
        g = take_ready(order);
    return g;
}

static void run_after(struct order *order, int g)
{
    const struct ids *after = &order->item[g].after;
    order->item[g].done = true;
    for (int i = 0; i < after->count; i++) {
        int next = after->id[i];
        if (--order->item[next].waits > 0)
            continue;
        if (next == order->schedule->group_count)
            run_after(order, next);
        else
            add_ready(order, next);
    }
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
    int count = order->schedule->group_count;
    bool looked = order->item[count].waits == 0;
    for (int g = 0; g < count; g++)
        if (order->item[g].waits == 0)
            add_ready(order, g);
    if (looked)
        run_after(order, count);
}

void pass_order(struct graph *graph)
{
    struct schedule *schedule = graph->schedule;
    struct arena *arena = arena_new();
    int count = schedule->group_count;
    struct order order = {.graph = graph, .schedule = schedule, .scratch = arena,
                          .item = ARENA_ARRAY(arena, struct item, count + 1),
                          .readers = ARENA_ARRAY(arena, int, graph->count),
                          .reader = ARENA_ARRAY(arena, int, graph->count)};
    struct group *sorted = ARENA_ARRAY(graph->program->arena, struct group, count);
    find_edges(&order);
    measure(&order);
    find_loss(&order);
    begin(&order);
    bool update = false;
    for (int i = 0; i < count; i++) {
        int g = choose(&order);
        run(&order, g);
        sorted[i] = schedule->group[g];
        update |= stores(graph, &sorted[i], false);
        sorted[i].update = update;
    }
    schedule->group = sorted;
    schedule->group_room = count;
    for (int g = 0; g < count; g++)
        for (int m = 0; m < sorted[g].count; m++)
            schedule->group_of[sorted[g].node[m]] = g;
    arena_free(arena);
}
