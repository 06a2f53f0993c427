/* pass_plan: where everything lies in the arena.
 *
 * requires:    pass_fuse and pass_order on every phase.
 * establishes: variable->offset, place->offset and the sizes in program and schedules.  Parameters
 *              and buffers come first (saved_bytes: a snapshot is one copy), then the other
 *              variables, then scratch, which all phases share since no two run at a time.  What is
 *              alive at the same time does not overlap, but for outputs computed in the storage of
 *              an operand that dies there (passes/pass.h says when).
 *
 * The scratch of a phase is a set of units: storage with a size, and a life from the group that
 * first writes it to the last that reads it.  Packing them is greedy: the largest first, each into
 * the tightest gap between units placed before whose lives meet its own; once more with the longest
 * lives first, and the better of both. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "graph/op.h"
#include "passes/schedule.h"

struct unit {
    int node;                           /* whose storage it is */
    int64_t bytes;
    int first, last;                    /* groups; first is -1 before anything was written */
    int64_t offset;
    bool placed;
    int reused;                         /* unit that goes on in this one's storage, or -1 */
};

struct plan {
    struct program *program;
    struct graph *graph;
    struct schedule *schedule;
    struct unit *unit;
    int count, room;
    int *unit_of;                       /* node id -> unit, or -1 */
    int64_t *start;                     /* node id -> bytes from the unit's start */
    int *order;                         /* units to place, and in which order */
    int order_count;
    int *seen;                          /* node id -> the search that came by it last */
    int search;
};

/* Arrays from 512 bytes on start on a cache line, smaller ones where that wastes little; all where
 * their elements may. */
static int64_t align(int64_t offset, int64_t bytes)
{
    int64_t unit = bytes % 8 == 0 ? 8 : 4;
    while (unit < 64 && unit * 8 <= bytes)
        unit *= 2;
    return (offset + unit - 1) / unit * unit;
}

/* ---- variables ---- */

static int64_t variable_bytes(const struct program *program, const struct variable *variable)
{
    return schedule_bytes(program, variable->dtype, &variable->shape);
}

static bool lies_in_block(const struct variable *variable)
{
    return variable->kind == VAR_PARAM && variable->block >= 0;
}

/* 0: saved with the weights; 1: lives from step to step; 2: of a batch or a report. */
static int tier(const struct program *program, const struct variable *variable)
{
    switch (variable->kind) {
    case VAR_PARAM:
    case VAR_BUFFER:
        return 0;
    case VAR_BLOCK:
        for (int i = 0; i < program->variable_count; i++)
            if (lies_in_block(program->variable[i]) &&
                program->variable[i]->block == variable->id)
                return 0;
        return 1;
    case VAR_STATE:
    case VAR_AVERAGE:
    case VAR_ACCUMULATOR:
        return 1;
    default:
        return 2;
    }
}

/* Should variable a lie before b?  By tier, then the larger first: less is lost to alignment. */
static bool lies_before(const struct program *program, const struct variable *a,
                        const struct variable *b)
{
    int tier_a = tier(program, a), tier_b = tier(program, b);
    int64_t bytes_a = variable_bytes(program, a), bytes_b = variable_bytes(program, b);
    if (tier_a != tier_b)
        return tier_a < tier_b;
    return bytes_a != bytes_b ? bytes_a > bytes_b : a->id < b->id;
}

/* Variables with storage of their own, in the order in which they lie. */
static struct variable **sort_variables(const struct program *program, int *count)
{
    struct variable **sorted =
        ARENA_ARRAY(program->arena, struct variable *, program->variable_count + 1);
    *count = 0;
    for (int i = 0; i < program->variable_count; i++) {
        struct variable *variable = program->variable[i];
        if (lies_in_block(variable))
            continue;
        int at = (*count)++;
        for (; at > 0 && lies_before(program, variable, sorted[at - 1]); at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = variable;
    }
    return sorted;
}

/* Lays the variables out from offset 0; returns their end. */
static int64_t place_variables(struct program *program)
{
    int count;
    struct variable **sorted = sort_variables(program, &count);
    int64_t end = 0;
    program->saved_bytes = program->arena_bound = 0;
    for (int i = 0; i < count; i++) {
        int64_t bytes = variable_bytes(program, sorted[i]);
        sorted[i]->offset = align(end, bytes);
        end = sorted[i]->offset + bytes;
        program->arena_bound += bytes;
        if (tier(program, sorted[i]) == 0)
            program->saved_bytes = end;
    }
    for (int i = 0; i < program->variable_count; i++) {
        struct variable *variable = program->variable[i];
        if (lies_in_block(variable))
            variable->offset = program->variable[variable->block]->offset +
                               4 * variable->block_start;
    }
    return end;
}

/* ---- units and their lives ---- */

static int add_unit(struct plan *plan, int node)
{
    struct unit unit = {.node = node, .bytes = plan->schedule->place[node].bytes, .first = -1,
                        .last = -1, .reused = -1};
    plan->unit_of[node] = plan->count;
    ARENA_PUSH(plan->program->arena, plan->unit, plan->count, plan->room) = unit;
    return plan->count - 1;
}

/* The node in whose storage all of the operand lies, or -1 for constants. */
static int base_of(const struct plan *plan, int id)
{
    while (schedule_is_view(plan->graph, id))
        id = plan->graph->node[id]->operand[0];
    return id;
}

/* Gives a CONCAT's operands their pieces of its unit, where fuse found that they may lie there:
 * whole values with a place in the arena and no piece yet. */
static void place_pieces(struct plan *plan, int id)
{
    const struct node *concat = plan->graph->node[id];
    int unit = add_unit(plan, id);
    int64_t start = 0;
    for (int i = 0; i < concat->count; i++) {
        int base = base_of(plan, concat->operand[i]);
        if (plan->schedule->whole[base] == id && plan->unit_of[base] < 0) {
            plan->unit_of[base] = unit;
            plan->start[base] = start;
        }
        start += plan->schedule->place[concat->operand[i]].bytes;
    }
}

static bool needs_unit(const struct plan *plan, int id)
{
    return plan->schedule->place[id].kind == PLACE_ARENA && !schedule_is_view(plan->graph, id) &&
           plan->unit_of[id] < 0;
}

static void make_units(struct plan *plan)
{
    for (int id = 0; id < plan->graph->count; id++)
        plan->unit_of[id] = -1;
    for (int id = 0; id < plan->graph->count; id++)
        if (plan->graph->node[id]->op == OP_CONCAT && needs_unit(plan, id))
            place_pieces(plan, id);
    for (int id = 0; id < plan->graph->count; id++)
        if (needs_unit(plan, id))
            add_unit(plan, id);
}

static void live_at(struct unit *unit, int group)
{
    if (unit->first < 0 || group < unit->first)
        unit->first = group;
    if (group > unit->last)
        unit->last = group;
}

static void find_lives(struct plan *plan)
{
    const struct schedule *schedule = plan->schedule;
    for (int g = 0; g < schedule->group_count; g++)
        for (int m = 0; m < schedule->group[g].count; m++) {
            int id = schedule->group[g].node[m];
            const struct node *node = plan->graph->node[id];
            if (plan->unit_of[id] >= 0)
                live_at(&plan->unit[plan->unit_of[id]], g);
            for (int i = 0; i < node->count; i++) {
                int base = base_of(plan, node->operand[i]);
                if (plan->unit_of[base] >= 0)
                    live_at(&plan->unit[plan->unit_of[base]], g);
            }
        }
}

/* ---- outputs in the storage of operands that die ---- */

static bool depends_on(struct plan *plan, int node, int on)
{
    if (node == on)
        return true;
    const struct node *n = plan->graph->node[node];
    bool inside = plan->schedule->group_of[node] == plan->schedule->group_of[on];
    if (!inside || node < on || plan->seen[node] == plan->search)
        return false;
    plan->seen[node] = plan->search;
    for (int i = 0; i < n->count; i++)
        if (depends_on(plan, n->operand[i], on))
            return true;
    return false;
}

/* Do all nodes of the group that read the unit read it where `output` is written, and, in a row,
 * before? */
static bool reads_agree(struct plan *plan, const struct group *group, int unit, int output)
{
    const struct node *out = plan->graph->node[output];
    for (int m = 0; m < group->count; m++) {
        const struct node *node = plan->graph->node[group->node[m]];
        for (int i = 0; i < node->count; i++) {
            int operand = node->operand[i];
            if (plan->unit_of[base_of(plan, operand)] != unit)
                continue;
            struct access access = schedule_access(plan->graph, operand, &out->shape);
            bool same = access.identity && op_def(node->op)->class != CLASS_VIEW &&
                        plan->graph->node[operand]->dtype == out->dtype &&
                        shape_equal(&plan->graph->node[operand]->shape, &out->shape);
            plan->search++;
            if (!same || (group->kind == GROUP_ROW && !depends_on(plan, output, group->node[m])))
                return false;
        }
    }
    return true;
}

/* A unit that dies in group g, has the output's size, and is read just where that is written. */
static int find_dying(struct plan *plan, int g, int output)
{
    const struct group *group = &plan->schedule->group[g];
    for (int m = 0; m < group->count; m++) {
        const struct node *node = plan->graph->node[group->node[m]];
        for (int i = 0; i < node->count; i++) {
            int u = plan->unit_of[base_of(plan, node->operand[i])];
            if (u < 0)
                continue;
            const struct unit *unit = &plan->unit[u];
            if (unit->last == g && unit->first < g && unit->reused < 0 &&
                unit->bytes == plan->schedule->place[output].bytes &&
                reads_agree(plan, group, u, output))
                return u;
        }
    }
    return -1;
}

static void reuse_storage(struct plan *plan)
{
    for (int g = 0; g < plan->schedule->group_count; g++) {
        const struct group *group = &plan->schedule->group[g];
        for (int m = 0; m < group->count; m++) {
            int id = group->node[m], own = plan->unit_of[id];
            if ((group->kind != GROUP_MAP && group->kind != GROUP_ROW) || own < 0 ||
                plan->unit[own].node != id || plan->unit[own].first != g)
                continue;
            int dying = find_dying(plan, g, id);
            if (dying >= 0)
                plan->unit[dying].reused = own;
        }
    }
}

/* ---- packing ---- */

static bool lives_meet(const struct unit *a, const struct unit *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* Joins chains of reuse into their first unit, then lists the units that need an offset. */
static void join_reused(struct plan *plan)
{
    int *into = ARENA_ARRAY(plan->program->arena, int, plan->count);
    bool *later = ARENA_ARRAY(plan->program->arena, bool, plan->count);
    for (int u = 0; u < plan->count; u++)
        if (plan->unit[u].reused >= 0)
            later[plan->unit[u].reused] = true;
    for (int u = 0; u < plan->count; u++)
        into[u] = u;
    for (int u = 0; u < plan->count; u++) {
        for (int next = plan->unit[u].reused; !later[u] && next >= 0;
             next = plan->unit[next].reused) {
            into[next] = u;
            plan->unit[u].last = plan->unit[next].last;
        }
        if (!later[u])
            plan->order[plan->order_count++] = u;
    }
    for (int id = 0; id < plan->graph->count; id++)
        if (plan->unit_of[id] >= 0)
            plan->unit_of[id] = into[plan->unit_of[id]];
}

/* The start of the tightest gap that holds the unit; *end is where it then ends. */
static int64_t best_gap(const struct plan *plan, const struct unit *unit, const int *placed,
                        int placed_count)
{
    int64_t best = -1, best_size = INT64_MAX, from = 0;
    for (int i = 0; i <= placed_count; i++) {
        const struct unit *other = i < placed_count ? &plan->unit[placed[i]] : NULL;
        if (other != NULL && !lives_meet(unit, other))
            continue;
        int64_t start = align(from, unit->bytes);
        int64_t size = other != NULL ? other->offset - from : INT64_MAX;
        if (other == NULL ? best < 0 : start + unit->bytes <= other->offset && size < best_size) {
            best = start;
            best_size = size;
        }
        if (other != NULL && other->offset + other->bytes > from)
            from = other->offset + other->bytes;
    }
    return best;
}

/* Places the units in plan->order; returns the end of the last one. */
static int64_t pack(struct plan *plan)
{
    int *placed = ARENA_ARRAY(plan->program->arena, int, plan->order_count + 1);
    int64_t end = 0;
    for (int i = 0; i < plan->order_count; i++) {
        struct unit *unit = &plan->unit[plan->order[i]];
        unit->offset = best_gap(plan, unit, placed, i);
        int at = i;
        for (; at > 0 && plan->unit[placed[at - 1]].offset > unit->offset; at--)
            placed[at] = placed[at - 1];
        placed[at] = plan->order[i];
        if (unit->offset + unit->bytes > end)
            end = unit->offset + unit->bytes;
    }
    return end;
}

struct weighed {
    int64_t weight;
    int unit;
};

static int by_weight(const void *a, const void *b)
{
    const struct weighed *x = a, *y = b;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return x->unit - y->unit;
}

/* Sorts plan->order by a weight, descending, then by unit number. */
static void sort_units(struct plan *plan, int64_t (*weight)(const struct unit *))
{
    struct weighed *list = ARENA_ARRAY(plan->program->arena, struct weighed, plan->order_count);
    for (int i = 0; i < plan->order_count; i++)
        list[i] = (struct weighed){weight(&plan->unit[plan->order[i]]), plan->order[i]};
    qsort(list, (size_t)plan->order_count, sizeof *list, by_weight);
    for (int i = 0; i < plan->order_count; i++)
        plan->order[i] = list[i].unit;
}

static int64_t weigh_bytes(const struct unit *unit)
{
    return unit->bytes;
}

static int64_t weigh_life(const struct unit *unit)
{
    return unit->last - unit->first;
}

static int64_t weigh_first(const struct unit *unit)
{
    return -unit->first;
}

static int64_t weigh_area(const struct unit *unit)
{
    return unit->bytes * (unit->last - unit->first + 1);
}

/* Tries several orders and keeps the tightest. */
static int64_t pack_best(struct plan *plan)
{
    static int64_t (*const weights[])(const struct unit *) = {weigh_bytes, weigh_life, weigh_area,
                                                              weigh_first};
    enum { WEIGHTS = sizeof weights / sizeof *weights };
    int best = 0;
    int64_t best_end = INT64_MAX;
    for (int i = 0; i < WEIGHTS; i++) {
        sort_units(plan, weights[i]);
        int64_t end = pack(plan);
        if (end < best_end) {
            best_end = end;
            best = i;
        }
    }
    sort_units(plan, weights[best]);
    return pack(plan);
}

/* The most bytes alive at one time: no packing takes less. */
static int64_t live_bound(const struct plan *plan)
{
    int64_t bound = 0;
    for (int g = 0; g < plan->schedule->group_count; g++) {
        int64_t live = 0;
        for (int i = 0; i < plan->order_count; i++) {
            const struct unit *unit = &plan->unit[plan->order[i]];
            live += unit->first <= g && g <= unit->last ? unit->bytes : 0;
        }
        bound = live > bound ? live : bound;
    }
    return bound;
}

/* ---- the result ---- */

static void set_offsets(struct plan *plan, int64_t base)
{
    for (int id = 0; id < plan->graph->count; id++) {
        struct place *place = &plan->schedule->place[id];
        int64_t start;
        if (schedule_is_view(plan->graph, id) && place->kind != PLACE_INLINE) {
            const struct place *operand =
                &plan->schedule->place[plan->graph->node[id]->operand[0]];
            bool dense = schedule_dense(plan->graph, id, &start);
            assert(dense);
            place->kind = operand->kind;
            place->variable = operand->variable;
            place->offset = operand->offset + start * dtype_bytes(plan->graph->node[id]->dtype);
        } else if (place->kind == PLACE_VARIABLE) {
            place->offset = plan->program->variable[place->variable]->offset;
        } else if (place->kind == PLACE_ARENA) {
            place->offset = base + plan->unit[plan->unit_of[id]].offset + plan->start[id];
        }
    }
}

static void list_storage(struct plan *plan, int64_t base)
{
    struct schedule *schedule = plan->schedule;
    schedule->storage = ARENA_ARRAY(plan->program->arena, struct storage, plan->order_count + 1);
    schedule->storage_count = 0;
    for (int i = 0; i < plan->order_count; i++) {
        const struct unit *unit = &plan->unit[plan->order[i]];
        int at = schedule->storage_count++;
        for (; at > 0 && schedule->storage[at - 1].offset > base + unit->offset; at--)
            schedule->storage[at] = schedule->storage[at - 1];
        schedule->storage[at] = (struct storage){unit->node, base + unit->offset, unit->bytes,
                                                 unit->first, unit->last};
    }
}

/* Packs the scratch of one phase from offset 0. */
static void plan_scratch(struct plan *plan, struct program *program, struct graph *graph)
{
    plan->program = program;
    plan->graph = graph;
    plan->schedule = graph->schedule;
    plan->unit_of = ARENA_ARRAY(program->arena, int, graph->count);
    plan->start = ARENA_ARRAY(program->arena, int64_t, graph->count);
    plan->seen = ARENA_ARRAY(program->arena, int, graph->count);
    make_units(plan);
    find_lives(plan);
    reuse_storage(plan);
    plan->order = ARENA_ARRAY(program->arena, int, plan->count + 1);
    join_reused(plan);
    graph->schedule->scratch_bytes = pack_best(plan);
    graph->schedule->lower_bound = live_bound(plan);
}

void pass_plan(struct program *program)
{
    struct plan plan[PHASE_COUNT] = {{0}};
    int64_t end = place_variables(program), scratch = 0, bound = 0;
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        struct graph *graph = program->phase[phase];
        if (graph == NULL)
            continue;
        plan_scratch(&plan[phase], program, graph);
        if (graph->schedule->scratch_bytes > scratch)
            scratch = graph->schedule->scratch_bytes;
        if (graph->schedule->lower_bound > bound)
            bound = graph->schedule->lower_bound;
    }
    int64_t base = align(end, (scratch + 7) / 8 * 8);
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        if (program->phase[phase] != NULL) {
            set_offsets(&plan[phase], base);
            list_storage(&plan[phase], base);
        }
    program->arena_bytes = align(base + scratch, 8);
    program->arena_bound += bound;
}
