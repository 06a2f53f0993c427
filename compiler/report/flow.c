#include "report/flow.h"

struct walk {
    const struct program *program;
    const struct graph *graph;
    struct arena *arena;
    int outer;                          /* the call whose calls are looked at */
    struct flow *of;                    /* by call */
    struct flow *through;               /* by node: what reaches it through nodes of no such call */
    bool *live;                         /* by node: made of the data, as what equal constants of two
                                         * blocks became is not */
};

/* The call within `outer` that this one is, or stands in; 0: none. */
static int call_within(const struct walk *w, int layer)
{
    while (layer && w->program->layer[layer].outer != w->outer)
        layer = w->program->layer[layer].outer;
    return layer;
}

static void add(struct walk *w, struct flow *flow, int call)
{
    int at = flow->from.count;
    for (int i = 0; i < flow->from.count; i++)
        if (flow->from.id[i] == call)
            return;
    ids_add(w->arena, &flow->from, call);
    for (; at > 0 && flow->from.id[at - 1] > call; at--)
        flow->from.id[at] = flow->from.id[at - 1];
    flow->from.id[at] = call;
}

/* Does it read a field of the data that is no label? */
static bool is_data(const struct walk *w, const struct node *node)
{
    const struct data_desc *data = &w->program->data;
    bool found = false;
    for (int i = 0; node->op == OP_READ && i < data->field_count; i++)
        found |= data->field[i].input == node->attr.variable && !data->field[i].label;
    return found;
}

/* The node of call `to`, or of none, reads that operand. */
static void follow(struct walk *w, int id, int to, int operand)
{
    const struct node *node = w->graph->node[operand];
    int from = node->count ? call_within(w, node->layer) : 0; /* what is read is of no call */
    struct flow *flow = to ? &w->of[to] : &w->through[id];
    if (!w->live[operand])
        return;
    if (from && from != to)
        add(w, flow, from);
    if (from)
        return;
    flow->input |= is_data(w, node) || w->through[operand].input;
    for (int i = 0; i < w->through[operand].from.count; i++)
        if (w->through[operand].from.id[i] != to)
            add(w, flow, w->through[operand].from.id[i]);
}

static void walk_calls(struct walk *w)
{
    struct arena *arena = arena_within(w->arena);
    w->through = ARENA_ARRAY(arena, struct flow, w->graph->count);
    for (int id = 0; id < w->graph->count; id++) {
        const struct node *node = w->graph->node[id];
        if (node->gradient || node->again)
            continue;
        for (int i = 0; i < node->count; i++)
            follow(w, id, call_within(w, node->layer), node->operand[i]);
    }
    arena_free(arena);
}

static void find_live(struct walk *w)
{
    w->live = ARENA_ARRAY(w->arena, bool, w->graph->count);
    for (int id = 0; id < w->graph->count; id++) {
        const struct node *node = w->graph->node[id];
        w->live[id] = is_data(w, node);
        for (int i = 0; i < node->count; i++)
            w->live[id] |= w->live[node->operand[i]];
    }
}

struct flow *flow_of(const struct program *program, struct arena *arena)
{
    struct walk w = {.program = program, .graph = program->phase[PHASE_TRAIN], .arena = arena,
                     .of = ARENA_ARRAY(arena, struct flow, program->layer_count)};
    find_live(&w);
    bool *done = ARENA_ARRAY(arena, bool, program->layer_count);
    for (int i = 2; i < program->layer_count; i++) {
        w.outer = program->layer[i].outer;
        if (!done[w.outer])
            walk_calls(&w);
        done[w.outer] = true;
    }
    return w.of;
}
