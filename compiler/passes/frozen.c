/* pass_frozen: which weights firmware may read where they lie in flash.
 *
 * requires:    pass_fuse and pass_order on every phase.
 * establishes: variable->in_flash for parameters and buffers that nothing writes but the init
 *              phase, and which it can be run without; the groups of that phase in such an order
 *              that the first program->tuning_groups write all other variables, and read none of
 *              these.
 *
 * What init makes of such a weight for another variable is made of the drawn one, as on the host:
 * a weight that is needed so is none of these. */
#include <assert.h>

#include "passes/schedule.h"

struct frozen {
    struct program *program;
    struct arena *scratch;
    const struct graph *init;
    bool *needed;                       /* by group of init: another variable needs it */
};

/* ---- what is written ---- */

static void not_in_flash(const struct program *program, int id)
{
    if (id >= 0)
        program->variable[id]->in_flash = false;
}

/* The stores of all phases but init. */
static void leave_out_stored(const struct program *program)
{
    for (int phase = PHASE_INIT + 1; phase < PHASE_COUNT; phase++) {
        const struct graph *graph = program->phase[phase];
        for (int id = 0; graph && id < graph->count; id++)
            if (graph->node[id]->op == OP_STORE)
                not_in_flash(program, graph->node[id]->attr.variable);
    }
}

/* Statistics of the data, and parameters that exchange with their averages. */
static void leave_out_set(const struct program *program)
{
    for (int i = 0; i < program->variable_count; i++) {
        const struct variable *v = program->variable[i];
        const struct variable *of = v->kind == VAR_AVERAGE ? program_average_of(program, v) : NULL;
        if (of)
            not_in_flash(program, of->id);
        if (program_is_statistic(program, i))
            not_in_flash(program, i);
    }
}

/* ---- what init needs ---- */

static bool lies_in_flash(const struct frozen *f, int id)
{
    const struct place *place = &f->init->schedule->place[id];
    return place->kind == PLACE_VARIABLE && f->program->variable[place->variable]->in_flash;
}

/* Does the group write a variable that is not in flash? */
static bool writes_others(const struct frozen *f, const struct group *group)
{
    for (int m = 0; m < group->count; m++) {
        const struct place *place = &f->init->schedule->place[group->node[m]];
        if (place->kind == PLACE_VARIABLE && !lies_in_flash(f, group->node[m]))
            return true;
    }
    return false;
}

/* Takes the node's variable out of flash; whether it was there. */
static bool take_out(const struct frozen *f, int id)
{
    bool there = lies_in_flash(f, id);
    if (there)
        not_in_flash(f->program, f->init->schedule->place[id].variable);
    return there;
}

/* The group is needed: so is what it reads, and no variable of it may be in flash. */
static bool need(const struct frozen *f, const struct group *group)
{
    struct ids sources = {0};
    bool changed = false;
    for (int m = 0; m < group->count; m++) {
        const struct node *node = f->init->node[group->node[m]];
        changed |= take_out(f, node->id);
        for (int i = 0; i < node->count; i++)
            schedule_sources(f->init, node->operand[i], f->scratch, &sources);
    }
    for (int i = 0; i < sources.count; i++) {
        int from = f->init->schedule->group_of[sources.id[i]];
        changed |= take_out(f, sources.id[i]);
        if (from >= 0)
            f->needed[from] = true;
    }
    return changed;
}

/* Readers come after what they read: one walk from the end finds all, until what it takes out of
 * flash has to be written, too. */
static void find_needed(const struct frozen *f)
{
    const struct schedule *schedule = f->init->schedule;
    for (bool changed = true; changed;) {
        changed = false;
        for (int g = schedule->group_count - 1; g >= 0; g--) {
            f->needed[g] |= writes_others(f, &schedule->group[g]);
            changed |= f->needed[g] && need(f, &schedule->group[g]);
        }
    }
}

/* ---- the order of init ---- */

static void sort_groups(const struct frozen *f)
{
    struct schedule *schedule = f->init->schedule;
    struct group *sorted = ARENA_ARRAY(f->program->arena, struct group, schedule->group_count + 1);
    int count = 0;
    for (int last = 0; last < 2; last++) {
        for (int g = 0; g < schedule->group_count; g++)
            if (f->needed[g] != last)
                sorted[count++] = schedule->group[g];
        f->program->tuning_groups = last ? f->program->tuning_groups : count;
    }
    bool update = false;
    for (int g = 0; g < count; g++) {
        for (int m = 0; m < sorted[g].count; m++) {
            schedule->group_of[sorted[g].node[m]] = g;
            update |= f->init->node[sorted[g].node[m]]->op == OP_STORE;
        }
        sorted[g].update = update;
    }
    schedule->group = sorted;
    schedule->group_room = count;
}

void pass_frozen(struct program *program)
{
    const struct graph *init = program->phase[PHASE_INIT];
    assert(!init || init->loop_count == 0); /* the language has no scan in start values */
    for (int i = 0; i < program->variable_count; i++) {
        struct variable *v = program->variable[i];
        v->in_flash = (v->kind == VAR_PARAM && v->block < 0) || v->kind == VAR_BUFFER;
    }
    leave_out_stored(program);
    leave_out_set(program);
    program->tuning_groups = init ? init->schedule->group_count : 0;
    struct frozen f = {.program = program, .scratch = arena_new(), .init = init};
    if (init) {
        f.needed = ARENA_ARRAY(f.scratch, bool, f.init->schedule->group_count + 1);
        find_needed(&f);
        sort_groups(&f);
    }
    arena_free(f.scratch);
}
