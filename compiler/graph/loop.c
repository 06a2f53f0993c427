/* Loops of a graph: see graph/loop.h. */
#include "graph/loop.h"

#include "graph/program.h"

bool loop_within(const struct graph *graph, int inner, int outer)
{
    while (inner != outer && inner >= 0)
        inner = graph->loop[inner].outer;
    return inner == outer;
}

static bool leads_out(const struct node *n)
{
    return n->op == OP_STACK || n->op == OP_LAST;
}

int loop_of_node(const struct graph *graph, const struct node *n, const int *at)
{
    if (leads_out(n))
        return graph->loop[n->attr.loop].outer;
    if (n->op == OP_TURN || n->op == OP_CARRY || n->op == OP_KEEP)
        return n->attr.loop;
    int deepest = -1;
    for (int i = 0; i < n->count; i++)
        if (loop_within(graph, at[n->operand[i]], deepest))
            deepest = at[n->operand[i]];
    return deepest;
}

struct loops loops_of(const struct graph *graph, struct arena *arena)
{
    struct loops loops = {ARENA_ARRAY(arena, int, graph->count + 1),
                          ARENA_ARRAY(arena, int, graph->count + 1),
                          ARENA_ARRAY(arena, int, graph->count + 1)};
    for (int id = 0; id < graph->count; id++) {
        const struct node *n = graph->node[id];
        loops.at[id] = loops.runs[id] = loop_of_node(graph, n, loops.at);
        loops.keep[id] = -1;
        if (n->op == OP_CARRY)
            loops.runs[id] = graph->loop[n->attr.loop].outer;
        else if (n->op == OP_STACK)
            loops.runs[id] = n->attr.loop;
        else if (n->op == OP_KEEP)
            loops.keep[n->operand[1]] = id;
    }
    return loops;
}

/* Where the node's operands must exist, or further out. */
static int reads_from(const struct graph *graph, const struct node *n, const struct loops *loops)
{
    if (n->op == OP_TURN || n->op == OP_CARRY)
        return graph->loop[n->attr.loop].outer;
    return leads_out(n) ? n->attr.loop : loops->at[n->id];
}

static int depth_of(const struct graph *graph, int loop)
{
    int depth = 0;
    for (; loop >= 0; loop = graph->loop[loop].outer)
        depth++;
    return depth;
}

static const char *node_problem(const struct graph *graph, int id, const struct loops *loops)
{
    const struct node *n = graph->node[id];
    for (int i = 0; i < n->count; i++)
        if (!loop_within(graph, reads_from(graph, n, loops), loops->at[n->operand[i]]))
            return "an operand stands in another loop";
    if (depth_of(graph, loops->at[id]) > LOOPS_DEEP)
        return "loops stand too deep in one another";
    if (n->op == OP_STORE && loops->at[id] >= 0)
        return "a variable is stored in a loop";
    if (n->op == OP_CARRY && loops->keep[id] < 0)
        return "a carry has no keep";
    if (n->op == OP_KEEP && loops->keep[n->operand[1]] != id)
        return "a carry has two keeps";
    return NULL;
}

/* Of each loop the first node that leads out of it and the last that stands in it, by id. */
static void find_spans(const struct graph *graph, const struct loops *loops, int *first, int *last)
{
    for (int loop = 0; loop < graph->loop_count; loop++)
        first[loop] = graph->count, last[loop] = -1;
    for (int id = graph->count - 1; id >= 0; id--)
        if (leads_out(graph->node[id]))
            first[graph->node[id]->attr.loop] = id;
    for (int id = 0; id < graph->count; id++)
        for (int loop = loops->at[id]; loop >= 0; loop = graph->loop[loop].outer)
            last[loop] = id;
}

/* The first node of the loop that depends on what comes after the loop, or -1; looks from the first
 * node that leads out to the last in it, as no other can. */
static int find_circle(const struct graph *graph, int loop, const struct loops *loops, int first,
                       int last, bool *after)
{
    for (int id = first; id <= last; id++) {
        const struct node *n = graph->node[id];
        after[id] = leads_out(n) && n->attr.loop == loop;
        for (int i = 0; i < n->count; i++)
            after[id] = after[id] || (n->operand[i] >= first && after[n->operand[i]]);
        if (after[id] && loop_within(graph, loops->at[id], loop))
            return id;
    }
    return -1;
}

const char *loops_problem(const struct graph *graph, int *node)
{
    const char *problem = NULL;
    if (graph->loop_count == 0)
        return NULL;
    struct arena *arena = arena_new();
    struct loops loops = loops_of(graph, arena);
    bool *after = ARENA_ARRAY(arena, bool, graph->count + 1);
    int *first = ARENA_ARRAY(arena, int, graph->loop_count);
    int *last = ARENA_ARRAY(arena, int, graph->loop_count);
    find_spans(graph, &loops, first, last);
    for (*node = 0; !problem && *node < graph->count; ++*node)
        problem = node_problem(graph, *node, &loops);
    --*node;
    for (int loop = 0; !problem && loop < graph->loop_count; loop++)
        if ((*node = find_circle(graph, loop, &loops, first[loop], last[loop], after)) >= 0)
            problem = "a node of a loop depends on what comes after it";
    arena_free(arena);
    return problem;
}
