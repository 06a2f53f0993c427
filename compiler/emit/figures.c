#include "emit/figures.h"

#include <string.h>

#include "base/names.h"
#include "emit/plan_text.h"
#include "passes/schedule.h"

static void add(struct figures *sum, const struct figures *f)
{
    sum->trained += f->trained;
    sum->frozen += f->frozen;
    sum->buffers += f->buffers;
    sum->forward += f->forward;
    sum->step += f->step;
    sum->kept += f->kept;
}

/* Buffers of no call hold what was fitted to the data. */
static void count_variables(struct summary *s)
{
    for (int i = 0; i < s->program->variable_count; i++) {
        const struct variable *v = s->program->variable[i];
        struct figures *f = &s->of[v->layer];
        int64_t elements = shape_elements(&v->shape);
        if (v->kind == VAR_PARAM)
            *(v->frozen ? &f->frozen : &f->trained) += elements;
        else if (v->kind == VAR_BUFFER && v->layer)
            f->buffers += elements;
    }
}

static void count_flops(struct summary *s, const struct graph *graph)
{
    for (int id = 0; graph && id < graph->count; id++) {
        const struct node *node = graph->node[id];
        int64_t flops = plan_flops(graph, node);
        s->of[node->layer].step += flops;
        s->of[node->layer].forward += node->layer && !node->gradient ? flops : 0;
    }
}

static bool makes_gradients(const struct graph *graph, const struct group *group)
{
    bool makes = false;
    for (int m = 0; m < group->count; m++)
        makes |= graph->node[group->node[m]]->gradient;
    return makes;
}

static void count_kept(struct summary *s, const struct graph *graph)
{
    const struct schedule *schedule = graph->schedule;
    for (int i = 0; i < schedule->storage_count; i++) {
        const struct storage *storage = &schedule->storage[i];
        const struct node *node = graph->node[storage->node];
        bool forward = node->layer && !node->gradient;
        if (forward && makes_gradients(graph, &schedule->group[storage->last]))
            s->of[node->layer].kept += storage->bytes;
    }
}

/* Calls of one path: the first declared what is there. */
static void find_shared(struct summary *s)
{
    struct arena *arena = s->arena;
    const struct names *first = NULL;
    for (int i = 1; i < s->program->layer_count; i++) {
        const char *path = s->program->layer[i].path;
        const struct figures *before = names_find(first, path);
        s->shared[i] = before && before->trained + before->frozen + before->buffers;
        if (!before)
            first = names_add(arena, first, path, &s->of[i]);
    }
}

struct summary figures_of(const struct program *program, struct arena *arena)
{
    int count = program->layer_count;
    struct summary s = {.program = program, .arena = arena,
                        .of = ARENA_ARRAY(arena, struct figures, count),
                        .shared = ARENA_ARRAY(arena, bool, count),
                        .depth = ARENA_ARRAY(arena, int, count)};
    count_variables(&s);
    count_flops(&s, program->phase[PHASE_TRAIN]);
    count_flops(&s, program->phase[PHASE_UPDATE]);
    count_kept(&s, program->phase[PHASE_TRAIN]);
    for (int i = 2; i < count; i++)
        s.depth[i] = s.depth[program->layer[i].outer] + 1;
    for (int i = count - 1; i > 1; i--)
        add(&s.of[program->layer[i].outer], &s.of[i]);
    s.all = s.of[1];
    add(&s.all, &s.of[0]);
    find_shared(&s);
    return s;
}

const char *figures_title(const struct summary *s, int number)
{
    const struct layer_call *layer = &s->program->layer[number];
    const char *outer = s->program->layer[layer->outer].path, *path = layer->path;
    size_t skip = number > 1 ? strlen(outer) : 0;
    if (number == 1)
        path = layer->block;
    else if (skip && !strncmp(path, outer, skip) && path[skip] == '/')
        path += skip + 1;
    return path;
}
