/* pass_order: the running order of groups.
 *
 * requires:    pass_fuse.
 * establishes: schedule->group in an order in which each group comes after what it reads, and each
 *              store of a variable after whatever else reads the variable; first what the loss
 *              needs, then the rest, then the updates: the first group that stores a variable
 *              other than VAR_LOSS, and all after it, have update set.  Among groups that could
 *              run, one that frees more memory than it takes comes first, else the one whose last
 *              node has the lowest id. */
#include <assert.h>
#include <string.h>

#include "graph/op.h"
#include "passes/schedule.h"

enum stage { STAGE_LOSS, STAGE_REST, STAGE_UPDATE };

struct item {
    enum stage stage;
    int waits;                          /* groups that must still run before */
    struct ids after;                   /* groups that wait for this one */
    struct ids reads;                   /* stored nodes of other groups that it reads */
    int64_t makes;                      /* bytes it takes for its own */
};

struct order {
    struct graph *graph;
    struct schedule *schedule;
    struct item *item;
    int *readers;                       /* node id -> groups that have yet to read it */
    struct ids ready;                   /* groups that wait for none */
};

static bool has(const struct ids *ids, int id)
{
    for (int i = 0; i < ids->count; i++)
        if (ids->id[i] == id)
            return true;
    return false;
}

static void add_once(struct order *order, struct ids *ids, int id)
{
    if (!has(ids, id))
        ids_add(order->graph->program->arena, ids, id);
}

static void add_edge(struct order *order, int before, int after)
{
    struct item *item = &order->item[before];
    if (before == after || has(&item->after, after))
        return;
    ids_add(order->graph->program->arena, &item->after, after);
    order->item[after].waits++;
}

static void find_edges(struct order *order)
{
    const struct graph *graph = order->graph;
    const int *group_of = order->schedule->group_of;
    struct ids first = {0}, second = {0}, sources;
    for (int id = 0; id < graph->count; id++) {
        sources = (struct ids){0};
        for (int i = 0; group_of[id] >= 0 && i < graph->node[id]->count; i++)
            schedule_sources(graph, graph->node[id]->operand[i], &sources);
        for (int i = 0; i < sources.count; i++) {
            int from = group_of[sources.id[i]];
            if (from < 0 || from == group_of[id])
                continue;
            add_edge(order, from, group_of[id]);
            add_once(order, &order->item[group_of[id]].reads, sources.id[i]);
        }
    }
    schedule_hazards(graph, &first, &second);
    for (int i = 0; i < first.count; i++)
        add_edge(order, group_of[first.id[i]], group_of[second.id[i]]);
}

static void measure(struct order *order)
{
    const struct schedule *schedule = order->schedule;
    for (int g = 0; g < schedule->group_count; g++) {
        struct item *item = &order->item[g];
        for (int i = 0; i < item->reads.count; i++)
            order->readers[item->reads.id[i]]++;
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

static void set_stage(struct order *order, int g, enum stage stage, struct ids *stack)
{
    struct item *item = &order->item[g];
    if (item->stage == stage)
        return;
    assert(item->stage == STAGE_REST);
    item->stage = stage;
    ids_add(order->graph->program->arena, stack, g);
}

/* Marks what the group needs, directly or not. */
static void need_for_loss(struct order *order, int g)
{
    struct ids stack = {0};
    set_stage(order, g, STAGE_LOSS, &stack);
    while (stack.count > 0) {
        const struct ids *reads = &order->item[stack.id[--stack.count]].reads;
        for (int i = 0; i < reads->count; i++)
            set_stage(order, order->schedule->group_of[reads->id[i]], STAGE_LOSS, &stack);
    }
}

static void put_last(struct order *order, int g)
{
    struct ids stack = {0};
    set_stage(order, g, STAGE_UPDATE, &stack);
    while (stack.count > 0) {
        const struct ids *after = &order->item[stack.id[--stack.count]].after;
        for (int i = 0; i < after->count; i++)
            set_stage(order, after->id[i], STAGE_UPDATE, &stack);
    }
}

static void find_stages(struct order *order)
{
    const struct schedule *schedule = order->schedule;
    for (int g = 0; g < schedule->group_count; g++)
        order->item[g].stage = STAGE_REST;
    for (int g = 0; g < schedule->group_count; g++)
        if (stores(order->graph, &schedule->group[g], true))
            need_for_loss(order, g);
    for (int g = 0; g < schedule->group_count; g++)
        if (stores(order->graph, &schedule->group[g], false))
            put_last(order, g);
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

static int last_node(const struct group *group)
{
    int last = group->node[0];
    for (int m = 1; m < group->count; m++)
        last = group->node[m] > last ? group->node[m] : last;
    return last;
}

/* Should group a run before b, both being ready? */
static bool precedes(const struct order *order, int a, int b)
{
    if (order->item[a].stage != order->item[b].stage)
        return order->item[a].stage < order->item[b].stage;
    int64_t gain_a = gain(order, a), gain_b = gain(order, b);
    gain_a = gain_a > 0 ? gain_a : 0;
    gain_b = gain_b > 0 ? gain_b : 0;
    if (gain_a != gain_b)
        return gain_a > gain_b;
    return last_node(&order->schedule->group[a]) < last_node(&order->schedule->group[b]);
}

/* Takes the next group out of those that are ready. */
static int choose(struct order *order)
{
    struct ids *ready = &order->ready;
    assert(ready->count > 0 && "groups depend on one another in a circle");
    int best = 0;
    for (int i = 1; i < ready->count; i++)
        if (precedes(order, ready->id[i], ready->id[best]))
            best = i;
    int g = ready->id[best];
    ready->id[best] = ready->id[--ready->count];
    return g;
}

static void add_ready(struct order *order, int g)
{
    ids_add(order->graph->program->arena, &order->ready, g);
}

static void run(struct order *order, int g)
{
    struct item *item = &order->item[g];
    for (int i = 0; i < item->reads.count; i++)
        order->readers[item->reads.id[i]]--;
    for (int i = 0; i < item->after.count; i++)
        if (--order->item[item->after.id[i]].waits == 0)
            add_ready(order, item->after.id[i]);
}

void pass_order(struct graph *graph)
{
    struct schedule *schedule = graph->schedule;
    struct arena *arena = graph->program->arena;
    int count = schedule->group_count;
    struct order order = {.graph = graph, .schedule = schedule,
                          .item = ARENA_ARRAY(arena, struct item, count),
                          .readers = ARENA_ARRAY(arena, int, graph->count)};
    struct group *sorted = ARENA_ARRAY(arena, struct group, count);
    find_edges(&order);
    measure(&order);
    find_stages(&order);
    for (int g = 0; g < count; g++)
        if (order.item[g].waits == 0)
            add_ready(&order, g);
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
}
