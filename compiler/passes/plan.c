/* pass_plan: where everything lies in the arena.
 *
 * requires:    pass_fuse and pass_order on every phase, and pass_settle.
 * establishes: variable->offset, place->offset and the sizes in program and schedules.  Parameters
 *              and buffers come first (saved_bytes: a snapshot is one copy), of them those in flash
 *              (frozen_bytes, a multiple of 64), then the other variables, those that are summed up
 *              over shards side by side, in the order in which they settle, then scratch, which all
 *              phases share since no two run at a time.  With shards what train and augment write
 *              lies together, from shard_begin to shard_end, totals first; partial sums over shards
 *              come behind.  Last comes what phase generate has to itself, its scratch, too:
 *              firmware's caller gives it memory of its own.  What is alive at the same time does
 *              not overlap, but for outputs computed in the storage of an operand that dies there
 *              (passes/pass.h says when).
 *              What a loop does not make and use up in one turn keeps its storage through all of
 *              it, and through a band what is not in its scratch: band_start and band_bytes.
 *
 * The scratch of a phase is a set of units: storage with a size, and a life from the group that
 * first writes it to the last that reads it (passes/pack.h). */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "graph/op.h"
#include "passes/pack.h"
#include "passes/schedule.h"

struct unit {
    int node;                           /* whose storage it is */
    bool chunks;                        /* of sums of chunks of its terms */
    struct stretch stretch;             /* first is -1 before anything was written */
    int reused;                         /* unit that goes on in this one's storage, or -1 */
};

struct plan {
    struct program *program;
    struct arena *scratch;
    struct graph *graph;
    struct schedule *schedule;
    struct unit *unit;
    int count, room;
    int *unit_of;                       /* node id -> unit, or -1 */
    int *chunks_of;                     /* group -> unit of its chunks' sums, or -1 */
    int64_t *start;                     /* node id -> bytes from the unit's start */
    int *order;                         /* units to place, and in which order */
    int order_count;
    int *seen;                          /* node id -> the search that came by it last */
    int search;
    int *first, *last;                  /* groups of each loop */
};

/* ---- variables ---- */

static int64_t variable_bytes(const struct program *program, const struct variable *variable)
{
    return schedule_bytes(program, variable->dtype, &variable->shape);
}

static bool lies_in_block(const struct variable *variable)
{
    return variable->kind == VAR_PARAM && variable->block >= 0;
}

enum tier { TIER_FLASH, TIER_SAVED, TIER_STATE, TIER_TOTALS, TIER_SUMS, TIER_BATCH, TIER_TEXT };

/* Saved with the weights, in flash or not; lives from step to step; the same, but shards add to it;
 * is summed up over shards; of a batch or a report; of a text that goes on. */
static enum tier tier(const struct program *program, const struct variable *variable,
                      const bool *holds_params)
{
    switch (variable->kind) {
    case VAR_PARAM:
    case VAR_BUFFER:
        return variable->in_flash ? TIER_FLASH : TIER_SAVED;
    case VAR_BLOCK:
        return holds_params[variable->id] ? TIER_SAVED : TIER_STATE;
    case VAR_STATE:
    case VAR_AVERAGE:
        return TIER_STATE;
    case VAR_TOKEN:
    case VAR_KEPT:
    case VAR_LOGITS:
        return TIER_TEXT;
    case VAR_ACCUMULATOR:
        return program_has_shards(program) ? TIER_TOTALS : TIER_STATE;
    case VAR_SHARD:
        return TIER_SUMS;
    case VAR_LOSS:
        return program_updates_apart(program) ? TIER_SUMS : TIER_BATCH;
    default:
        return TIER_BATCH;
    }
}

/* A variable with storage of its own. */
struct laid {
    struct variable *variable;
    enum tier tier;
    int64_t bytes;
};

/* By tier; of the sums those first that are settled first; then the larger: less is lost to
 * alignment. */
static int by_tier(const void *a, const void *b)
{
    const struct laid *x = a, *y = b;
    if (x->tier != y->tier)
        return (int)x->tier - (int)y->tier;
    if (x->variable->settled != y->variable->settled)
        return x->variable->settled > y->variable->settled ? 1 : -1;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return x->variable->id - y->variable->id;
}

/* Variables with storage of their own, in the order in which they lie. */
static struct laid *sort_variables(const struct program *program, int *count)
{
    struct laid *sorted = ARENA_ARRAY(program->arena, struct laid, program->variable_count + 1);
    bool *holds_params = ARENA_ARRAY(program->arena, bool, program->variable_count + 1);
    *count = 0;
    for (int i = 0; i < program->variable_count; i++)
        if (lies_in_block(program->variable[i]))
            holds_params[program->variable[i]->block] = true;
    for (int i = 0; i < program->variable_count; i++) {
        struct variable *variable = program->variable[i];
        if (!lies_in_block(variable))
            sorted[(*count)++] = (struct laid){variable, tier(program, variable, holds_params),
                                               variable_bytes(program, variable)};
    }
    qsort(sorted, (size_t)*count, sizeof *sorted, by_tier);
    return sorted;
}

/* Where what is of a shard begins: the end, moved to a cache line of its own. */
static int64_t begin_shard(struct program *program, int64_t end)
{
    if (!program_has_shards(program))
        return end;
    return program->shard_begin = (end + 63) / 64 * 64;
}

/* Lays the first of the sorted variables out from offset 0, those of a text not; returns their
 * end. */
static int64_t place_variables(struct program *program, const struct laid *sorted, int count)
{
    int64_t end = 0;
    program->saved_bytes = program->frozen_bytes = program->arena_bound = 0;
    program->band_bytes = 0;
    program->sums_bytes = program->shard_begin = 0;
    for (int i = 0; i < count && sorted[i].tier < TIER_TEXT; i++) {
        int64_t bytes = sorted[i].bytes;
        if (sorted[i].tier > TIER_FLASH && end < program->frozen_bytes)
            end = program->frozen_bytes;
        if (sorted[i].tier >= TIER_TOTALS && program->shard_begin == 0)
            end = begin_shard(program, end);
        sorted[i].variable->offset = pack_align(end, bytes);
        end = sorted[i].variable->offset + bytes;
        program->arena_bound += bytes;
        if (sorted[i].tier == TIER_FLASH)
            program->saved_bytes = program->frozen_bytes = (end + 63) / 64 * 64;
        if (sorted[i].tier == TIER_SAVED)
            program->saved_bytes = end;
        if (sorted[i].tier == TIER_SUMS && program->sums_bytes == 0)
            program->sums = sorted[i].variable->offset;
        if (sorted[i].tier == TIER_SUMS)
            program->sums_bytes = end - program->sums;
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
    struct unit unit = {.node = node, .reused = -1,
                        .stretch = {plan->schedule->place[node].bytes, -1, -1, 0}};
    plan->unit_of[node] = plan->count;
    ARENA_PUSH(plan->scratch, plan->unit, plan->count, plan->room) = unit;
    return plan->count - 1;
}

/* The node in whose storage all of the operand lies, or -1 for constants. */
static int base_of(const struct plan *plan, int id)
{
    while (schedule_is_view(plan->graph, id))
        id = plan->graph->node[id]->operand[0];
    return id;
}

/* Gives a STACK's value its unit, in which it moves. */
static void place_in_stack(struct plan *plan, int id)
{
    int base = base_of(plan, plan->graph->node[id]->operand[0]);
    plan->unit_of[base] = add_unit(plan, id);
}

/* What a loop carries, what is kept of it and what is computed where that will lie is one unit. */
static void place_carry(struct plan *plan, int keep)
{
    const struct node *node = plan->graph->node[keep];
    int base = base_of(plan, node->operand[0]);
    int unit = plan->unit_of[keep] = add_unit(plan, node->operand[1]);
    if (plan->schedule->whole[base] == keep)
        plan->unit_of[base] = unit;
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
        if (plan->graph->node[id]->op == OP_STACK)
            place_in_stack(plan, id);
        else if (plan->graph->node[id]->op == OP_KEEP)
            place_carry(plan, id);
    for (int id = 0; id < plan->graph->count; id++)
        if (plan->graph->node[id]->op == OP_CONCAT && needs_unit(plan, id))
            place_pieces(plan, id);
    for (int id = 0; id < plan->graph->count; id++)
        if (needs_unit(plan, id))
            add_unit(plan, id);
}

/* The first node that sums up. */
static int first_sum(const struct plan *plan, const struct group *group)
{
    int i = 0;
    while (op_def(plan->graph->node[group->node[i]]->op)->class != group->kind)
        i++;
    return group->node[i];
}

/* What a group keeps of chunks lives as long as that runs. */
static void make_chunks(struct plan *plan)
{
    for (int g = 0; g < plan->schedule->group_count; g++) {
        const struct group *group = &plan->schedule->group[g];
        plan->chunks_of[g] = group->chunks ? plan->count : -1;
        if (group->chunks == NULL)
            continue;
        struct unit unit = {.node = first_sum(plan, group), .chunks = true, .reused = -1,
                            .stretch = {group->chunks->bytes, g, g, 0}};
        ARENA_PUSH(plan->scratch, plan->unit, plan->count, plan->room) = unit;
    }
}

/* The loop in whose turns what lies in the unit comes and goes, or -1. */
static int home_of(const struct plan *plan, const struct unit *unit)
{
    const struct node *node = plan->graph->node[unit->node];
    return node->op == OP_STACK ? plan->graph->loop[node->attr.loop].outer
                                : plan->schedule->loop_of[node->id];
}

static void extend(struct stretch *stretch, int first, int last)
{
    if (stretch->first < 0 || first < stretch->first)
        stretch->first = first;
    if (last > stretch->last)
        stretch->last = last;
}

/* Does it lie in the scratch of a band? */
static bool is_local(const struct plan *plan, const struct unit *unit)
{
    return plan->schedule->place[unit->node].row_bytes > 0;
}

/* Where the group is in a loop that the unit outlives, through all of that: the next turn finds
 * what is there.  So it is with a band and its next rows. */
static void live_at(const struct plan *plan, struct unit *unit, int group)
{
    const struct graph *graph = plan->graph;
    const struct group *in = &plan->schedule->group[group];
    int home = home_of(plan, unit), loop = in->loop;
    while (loop != home && graph->loop[loop].outer != home)
        loop = graph->loop[loop].outer;
    bool by_rows = schedule_is_by_rows(graph, in) && !is_local(plan, unit);
    const struct band *around = by_rows ? &plan->schedule->band[in->band - 1] : NULL;
    if (around)
        extend(&unit->stretch, around->first, around->first + around->count - 1);
    else if (loop == home)
        extend(&unit->stretch, group, group);
    else
        extend(&unit->stretch, plan->first[loop], plan->last[loop]);
}

/* The groups of each loop, those within it included. */
static void find_loops(struct plan *plan)
{
    const struct graph *graph = plan->graph;
    for (int g = plan->schedule->group_count - 1; g >= 0; g--)
        for (int loop = plan->schedule->group[g].loop; loop >= 0; loop = graph->loop[loop].outer) {
            plan->last[loop] = plan->last[loop] > g ? plan->last[loop] : g;
            plan->first[loop] = g;
        }
}

static void find_lives(struct plan *plan)
{
    const struct schedule *schedule = plan->schedule;
    for (int g = 0; g < schedule->group_count; g++)
        for (int m = 0; m < schedule->group[g].count; m++) {
            int id = schedule->group[g].node[m];
            const struct node *node = plan->graph->node[id];
            if (plan->unit_of[id] >= 0)
                live_at(plan, &plan->unit[plan->unit_of[id]], g);
            for (int i = 0; i < node->count; i++) {
                int base = base_of(plan, node->operand[i]);
                if (plan->unit_of[base] >= 0)
                    live_at(plan, &plan->unit[plan->unit_of[base]], g);
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
            if (!same || (group->kind == CLASS_ROW && !depends_on(plan, output, group->node[m])))
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
            if (unit->stretch.last == g && home_of(plan, unit) == group->loop &&
                unit->stretch.first < g && unit->reused < 0 &&
                unit->stretch.bytes == plan->schedule->place[output].bytes &&
                is_local(plan, unit) == (plan->schedule->place[output].row_bytes > 0) &&
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
            if ((group->kind != CLASS_MAP && group->kind != CLASS_ROW) || own < 0 ||
                plan->unit[own].node != id || plan->unit[own].stretch.first != g ||
                home_of(plan, &plan->unit[own]) != group->loop)
                continue;
            int dying = find_dying(plan, g, id);
            if (dying >= 0)
                plan->unit[dying].reused = own;
        }
    }
}

/* ---- packing ---- */

/* Joins chains of reuse into their first unit, then lists the units that need an offset. */
static void join_reused(struct plan *plan)
{
    int *into = ARENA_ARRAY(plan->scratch, int, plan->count);
    bool *later = ARENA_ARRAY(plan->scratch, bool, plan->count);
    for (int u = 0; u < plan->count; u++)
        if (plan->unit[u].reused >= 0)
            later[plan->unit[u].reused] = true;
    for (int u = 0; u < plan->count; u++)
        into[u] = u;
    for (int u = 0; u < plan->count; u++) {
        for (int next = plan->unit[u].reused; !later[u] && next >= 0;
             next = plan->unit[next].reused) {
            into[next] = u;
            plan->unit[u].stretch.last = plan->unit[next].stretch.last;
        }
        if (!later[u])
            plan->order[plan->order_count++] = u;
    }
    for (int id = 0; id < plan->graph->count; id++)
        if (plan->unit_of[id] >= 0)
            plan->unit_of[id] = into[plan->unit_of[id]];
}

/* Those of plan->order that lie in the scratch of bands, or in the arena. */
static struct stretch **list_units(struct plan *plan, bool local, int *count)
{
    struct stretch **list = ARENA_ARRAY(plan->scratch, struct stretch *, plan->order_count + 1);
    *count = 0;
    for (int i = 0; i < plan->order_count; i++)
        if (is_local(plan, &plan->unit[plan->order[i]]) == local)
            list[(*count)++] = &plan->unit[plan->order[i]].stretch;
    return list;
}

/* Packs the units in plan->order; sets the schedule's sizes, and how much bands need at most. */
static void pack_units(struct plan *plan)
{
    struct arena *arena = plan->scratch;
    int count;
    struct stretch **list = list_units(plan, false, &count);
    plan->schedule->scratch_bytes = pack_stretches(arena, list, count);
    plan->schedule->lower_bound = pack_bound(arena, list, count);
    list = list_units(plan, true, &count);
    int64_t band = pack_stretches(arena, list, count);
    if (band > plan->program->band_bytes)
        plan->program->band_bytes = band;
}

/* ---- the result ---- */

/* From one turn of the loop to the next by so many of its bytes as the value has. */
static void move_place(struct plan *plan, struct place *place, int loop, int value)
{
    const struct node *node = plan->graph->node[value];
    struct extent bytes = {.constant = dtype_bytes(node->dtype)};
    place->advance[schedule_depth(plan->graph, loop)] =
        extent_multiply(extent_of_all(&node->shape), bytes);
}

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
            place->row_bytes = operand->row_bytes;
            place->bytes = operand->row_bytes > 0 ? operand->bytes : place->bytes;
            memcpy(place->advance, operand->advance, sizeof place->advance);
            if (plan->graph->node[id]->op == OP_TURN)
                move_place(plan, place, plan->graph->node[id]->attr.loop, id);
        } else if (place->kind == PLACE_VARIABLE) {
            place->offset = plan->program->variable[place->variable]->offset;
        } else if (place->kind == PLACE_ARENA) {
            place->offset = (place->row_bytes > 0 ? plan->program->band_start : base) +
                            plan->unit[plan->unit_of[id]].stretch.offset + plan->start[id];
            int whole = plan->schedule->whole[id];
            if (whole >= 0 && plan->graph->node[whole]->op == OP_STACK)
                move_place(plan, place, plan->graph->node[whole]->attr.loop, id);
        }
    }
}

static void set_chunk_offsets(struct plan *plan, int64_t base)
{
    for (int g = 0; g < plan->schedule->group_count; g++)
        if (plan->chunks_of[g] >= 0)
            plan->schedule->group[g].chunks->offset =
                base + plan->unit[plan->chunks_of[g]].stretch.offset;
}

static int by_offset(const void *a, const void *b)
{
    const struct storage *x = a, *y = b;
    if (x->offset != y->offset)
        return x->offset > y->offset ? 1 : -1;
    return x->first - y->first;
}

static void list_storage(struct plan *plan, int64_t base)
{
    struct schedule *schedule = plan->schedule;
    schedule->storage = ARENA_ARRAY(plan->program->arena, struct storage, plan->order_count + 1);
    schedule->storage_count = 0;
    for (int i = 0; i < plan->order_count; i++) {
        const struct unit *unit = &plan->unit[plan->order[i]];
        const struct stretch *stretch = &unit->stretch;
        if (!is_local(plan, unit))
            schedule->storage[schedule->storage_count++] =
                (struct storage){unit->node, unit->chunks, base + stretch->offset, stretch->bytes,
                                 stretch->first, stretch->last};
    }
    qsort(schedule->storage, (size_t)schedule->storage_count, sizeof *schedule->storage, by_offset);
}

/* Packs the scratch of one phase from offset 0. */
static void plan_scratch(struct plan *plan, struct program *program, struct graph *graph,
                         struct arena *scratch)
{
    plan->program = program;
    plan->scratch = scratch;
    plan->graph = graph;
    plan->schedule = graph->schedule;
    plan->unit_of = ARENA_ARRAY(scratch, int, graph->count);
    plan->start = ARENA_ARRAY(scratch, int64_t, graph->count);
    plan->chunks_of = ARENA_ARRAY(scratch, int, graph->schedule->group_count + 1);
    plan->seen = ARENA_ARRAY(scratch, int, graph->count);
    plan->first = ARENA_ARRAY(scratch, int, graph->loop_count + 1);
    plan->last = ARENA_ARRAY(scratch, int, graph->loop_count + 1);
    make_units(plan);
    make_chunks(plan);
    find_loops(plan);
    find_lives(plan);
    reuse_storage(plan);
    plan->order = ARENA_ARRAY(scratch, int, plan->count + 1);
    join_reused(plan);
    pack_units(plan);
}

/* Those of earlier shards, behind all else. */
static void place_partial_sums(struct program *program)
{
    int64_t bytes = (program->sums_bytes + 63) / 64 * 64;
    if (!program_has_shards(program))
        return;
    program->shard_end = program->partial_sums = (program->arena_bytes + 63) / 64 * 64;
    program->partial_count = 0;
    while (program->train.shards >> program->partial_count > 1)
        program->partial_count++;
    program->partial_bytes = program->partial_count * bytes;
    program->arena_bound += program->partial_bytes;
    program->arena_bytes = program->partial_sums + program->partial_bytes;
}

/* What phase generate has to itself, behind all else: its variables, and its scratch from the
 * offset that is returned. */
static int64_t place_text(struct program *program, const struct laid *sorted, int count)
{
    const struct graph *graph = program->phase[PHASE_GENERATE];
    program->text_start = program->arena_bytes;
    program->text_bytes = 0;
    if (graph == NULL)
        return 0;
    int64_t scratch = graph->schedule->scratch_bytes;
    int64_t end = program->text_start = (program->arena_bytes + 63) / 64 * 64;
    for (int i = 0; i < count; i++)
        if (sorted[i].tier == TIER_TEXT) {
            end = sorted[i].variable->offset = pack_align(end, sorted[i].bytes);
            end += sorted[i].bytes;
            program->arena_bound += sorted[i].bytes;
        }
    int64_t base = pack_align(end, (scratch + 7) / 8 * 8);
    program->arena_bytes = pack_align(base + scratch, 8);
    program->text_bytes = program->arena_bytes - program->text_start;
    program->arena_bound += graph->schedule->lower_bound;
    return base;
}

/* What shards at one time write is of each of them alone. */
static void check_shard(const struct program *program, enum phase phase)
{
    const struct graph *graph = program->phase[phase];
    for (int id = 0; graph != NULL && id < graph->count; id++) {
        const struct node *node = graph->node[id];
        assert(node->op != OP_STORE ||
               program->variable[node->attr.variable]->offset >= program->shard_begin);
    }
}

void pass_plan(struct program *program)
{
    struct plan plan[PHASE_COUNT] = {{0}};
    struct arena *arena = arena_new();
    int count;
    const struct laid *sorted = sort_variables(program, &count);
    int64_t end = place_variables(program, sorted, count), scratch = 0, bound = 0;
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        struct graph *graph = program->phase[phase];
        if (graph == NULL)
            continue;
        plan_scratch(&plan[phase], program, graph, arena);
        if (phase == PHASE_GENERATE)
            continue;
        if (graph->schedule->scratch_bytes > scratch)
            scratch = graph->schedule->scratch_bytes;
        if (graph->schedule->lower_bound > bound)
            bound = graph->schedule->lower_bound;
    }
    int64_t base = pack_align(end, (scratch + 7) / 8 * 8);
    program->arena_bytes = pack_align(base + scratch, 8);
    program->arena_bound += bound;
    place_partial_sums(program);
    int64_t text = place_text(program, sorted, count);
    program->band_start = (program->arena_bytes + 63) / 64 * 64;
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        if (program->phase[phase] != NULL) {
            int64_t start = phase == PHASE_GENERATE ? text : base;
            set_offsets(&plan[phase], start);
            set_chunk_offsets(&plan[phase], start);
            list_storage(&plan[phase], start);
        }
    check_shard(program, PHASE_AUGMENT);
    check_shard(program, PHASE_TRAIN);
    arena_free(arena);
}
