/* pass_settle: from when on what a shard leaves in the sums stays as it is.
 *
 * requires:    pass_order on the train phase.
 * establishes: variable->settled of each VAR_SHARD of a program with shards: so many groups of
 *              train have run when none to come writes or reads it.  Losses are read behind all of
 *              train. */
#include <limits.h>

#include "graph/op.h"
#include "passes/schedule.h"

/* How many groups have run when the group runs no more. */
static int behind(const struct graph *graph, int group)
{
    const struct schedule *schedule = graph->schedule;
    int loop = schedule->group[group].loop;
    if (loop < 0)
        return group + 1;
    while (graph->loop[loop].outer >= 0)
        loop = graph->loop[loop].outer;
    while (group < schedule->group_count &&
           loop_within(graph, schedule->group[group].loop, loop))
        group++;
    return group < schedule->group_count ? group + 1 : INT_MAX;
}

static void touch(const struct program *program, int variable, int count)
{
    struct variable *v = program->variable[variable];
    if (v->kind == VAR_SHARD && v->settled < count)
        v->settled = count;
}

/* What a node of a group lies in, or stores. */
static void touch_node(const struct program *program, const struct graph *graph, int id, int count)
{
    const struct node *node = graph->node[id];
    const struct place *place = &graph->schedule->place[id];
    if (node->op == OP_STORE || node->op == OP_READ)
        touch(program, node->attr.variable, count);
    if (place->kind == PLACE_VARIABLE)
        touch(program, place->variable, count);
}

void pass_settle(struct program *program)
{
    const struct graph *graph = program->phase[PHASE_TRAIN];
    if (!program_has_shards(program) || graph == NULL)
        return;
    for (int i = 0; i < program->variable_count; i++)
        program->variable[i]->settled = program->variable[i]->kind == VAR_LOSS ? INT_MAX : 0;
    for (int g = 0; g < graph->schedule->group_count; g++) {
        const struct group *group = &graph->schedule->group[g];
        struct ids sources = {0};
        int count = behind(graph, g);
        for (int m = 0; m < group->count; m++) {
            const struct node *node = graph->node[group->node[m]];
            touch_node(program, graph, node->id, count);
            for (int i = 0; i < node->count; i++)
                schedule_sources(graph, node->operand[i], program->arena, &sources);
        }
        for (int i = 0; i < sources.count; i++)
            touch_node(program, graph, sources.id[i], count);
    }
}
