/* pass_owners: what ranks may update by pieces, each rank one.
 *
 * requires:    pass_order on the update phase.
 * establishes: variable->updated_by for parameters, their state and averages of which each element
 *              is updated by the element of the same number of one sum over shards, and for that
 *              sum: one group updates them, element by element, and no other one reads or writes
 *              them.  One value that such a group reads may be anybody's. */
#include "graph/op.h"
#include "passes/schedule.h"

enum { NOBODY = -1, SEVERAL = -2 };

struct owners {
    const struct program *program;
    const struct graph *graph;
    int *user;                          /* variable -> the group that reads or stores it */
    int64_t elements;                   /* of the group at hand */
    int sum, sums;                      /* variable, and how many the group reads */
};

static void use(struct owners *o, int variable, int group)
{
    int *user = &o->user[variable];
    *user = *user == NOBODY || *user == group ? group : SEVERAL;
}

/* A source that lies in a variable is that variable, stored or not yet. */
static void use_source(struct owners *o, int id, int group)
{
    const struct node *node = o->graph->node[id];
    const struct place *place = &o->graph->schedule->place[id];
    if (node->op == OP_READ)
        use(o, node->attr.variable, group);
    else if (place->kind == PLACE_VARIABLE)
        use(o, place->variable, group);
}

static void find_users(struct owners *o)
{
    const struct schedule *schedule = o->graph->schedule;
    for (int g = 0; g < schedule->group_count; g++) {
        struct ids sources = {0};
        for (int m = 0; m < schedule->group[g].count; m++) {
            const struct node *node = o->graph->node[schedule->group[g].node[m]];
            if (node->op == OP_STORE)
                use(o, node->attr.variable, g);
            for (int i = 0; i < node->count; i++)
                schedule_sources(o->graph, node->operand[i], o->program->arena, &sources);
        }
        for (int i = 0; i < sources.count; i++)
            use_source(o, sources.id[i], g);
    }
}

/* Is the variable the group's alone, or one value that it reads? */
static bool is_its_own(struct owners *o, int variable, int group, bool stored)
{
    const struct variable *v = o->program->variable[variable];
    bool lasts = v->kind == VAR_PARAM || v->kind == VAR_STATE || v->kind == VAR_AVERAGE;
    if (v->kind == VAR_SHARD && (o->sums == 0 || o->sum != variable)) {
        o->sum = variable;
        o->sums++;
    }
    if (!stored && shape_elements(&v->shape) == 1 && v->kind != VAR_SHARD)
        return true;
    return shape_elements(&v->shape) == o->elements && o->user[variable] == group &&
           (lasts || (!stored && v->kind == VAR_SHARD));
}

/* Is the operand read at the group's own index, or one value? */
static bool reads_own(struct owners *o, int operand, int group)
{
    const struct node *node = o->graph->node[operand];
    int64_t elements = shape_elements(&node->shape);
    if (node->shape.rows >= 0 || (elements != 1 && elements != o->elements))
        return false;
    if (node->op == OP_READ)
        return is_its_own(o, node->attr.variable, group, false);
    if (elements == 1 || o->graph->schedule->group_of[operand] == group)
        return true;
    return node->op == OP_BROADCAST &&
           shape_elements(&o->graph->node[node->operand[0]]->shape) == 1;
}

static bool updates_own(struct owners *o, int number)
{
    const struct group *group = &o->graph->schedule->group[number];
    const struct place *place = o->graph->schedule->place;
    bool own = group->kind == CLASS_MAP && group->loop < 0;
    o->elements = shape_elements(&o->graph->node[group->node[group->count - 1]]->shape);
    o->sums = 0;
    for (int m = 0; m < group->count && own; m++) {
        const struct node *node = o->graph->node[group->node[m]];
        own = op_def(node->op)->class != CLASS_VIEW && node->op != OP_POSITION &&
              !node->attr.list && place[node->id].kind != PLACE_ARENA;
        if (own && node->op == OP_STORE)
            own = is_its_own(o, node->attr.variable, number, true);
        for (int i = 0; i < node->count && own; i++)
            own = reads_own(o, node->operand[i], number);
    }
    return own && o->sums == 1;
}

static void mark(const struct owners *o, int number)
{
    const struct group *group = &o->graph->schedule->group[number];
    o->program->variable[o->sum]->updated_by = 1 + o->sum;
    for (int m = 0; m < group->count; m++) {
        const struct node *node = o->graph->node[group->node[m]];
        if (node->op == OP_STORE)
            o->program->variable[node->attr.variable]->updated_by = 1 + o->sum;
    }
}

void pass_owners(struct program *program)
{
    struct owners o = {.program = program, .graph = program->phase[PHASE_UPDATE]};
    if (!o.graph)
        return;
    o.user = ARENA_ARRAY(program->arena, int, program->variable_count + 1);
    for (int i = 0; i < program->variable_count; i++)
        o.user[i] = NOBODY;
    for (int i = 0; i < program->rate_count; i++) /* the log of each rank reads them */
        if (program->rate[i].variable >= 0)
            o.user[program->rate[i].variable] = SEVERAL;
    find_users(&o);
    for (int g = 0; g < o.graph->schedule->group_count; g++)
        if (updates_own(&o, g))
            mark(&o, g);
}
