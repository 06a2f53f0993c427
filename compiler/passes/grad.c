/* Reverse-mode gradients as graph nodes.
 *
 * requires:    a verified graph in which nothing was rewritten yet; a scalar f32 loss.
 * establishes: the gradient of the loss for each wanted node, made by the operators' own rules.
 *              Consumers are visited from the last to the first; a gradient with several sources
 *              is a left fold in ascending order of (consumer, operand).  New nodes carry the
 *              span of the node differentiated, its region and its id in `forward`.  Of the greater
 *              or the lesser of two, gradients read the result or the second operand, whichever
 *              they read anyway: one of the two is kept for them, not both.  The gradients of a
 *              loop stand in a loop that runs the other way, and read stacks of what they need. */
#include "passes/pass.h"

#include <assert.h>
#include "graph/gradient.h"
#include "graph/op.h"

static bool carries(const struct node *n)
{
    return n->dtype == F32 && op_def(n->op)->gradient;
}

/* Marks what depends on what is marked; a carry does by way of its keep, which stands behind it:
 * was there one that had not been marked? */
static bool spread_dependents(struct gradient *d, int loss)
{
    bool again = false;
    for (int id = 0; id <= loss; id++) {
        const struct node *n = graph_node(d->graph, id);
        for (int i = 0; carries(n) && i < n->count; i++)
            d->depends[id] = d->depends[id] || d->depends[n->operand[i]];
        bool back = n->op == OP_KEEP && d->depends[id] && !d->depends[n->operand[1]];
        if (back)
            again = d->depends[n->operand[1]] = true;
    }
    return again;
}

static void mark_dependents(struct gradient *d, int loss, const int *wanted, int wanted_count)
{
    for (int i = 0; i < wanted_count; i++)
        if (wanted[i] <= loss)
            d->depends[wanted[i]] = graph_node(d->graph, wanted[i])->dtype == F32;
    while (spread_dependents(d, loss))
        continue;
}

/* Marks what flows back from the loss: a carry that it reaches is reached again in the turn before,
 * by way of its keep.  Was there one whose keep had not been marked? */
static bool spread_reached(const struct gradient *d, int loss, bool *reached)
{
    bool again = false;
    for (int id = loss; id >= 0; id--) {
        const struct node *n = graph_node(d->graph, id);
        int keep = d->loops.keep[id];
        reached[id] |= id == loss;
        for (int i = 0; reached[id] && carries(n) && i < n->count; i++)
            reached[n->operand[i]] = true;
        if (reached[id] && keep >= 0 && !reached[keep])
            again = reached[keep] = true;
    }
    return again;
}

/* Of a carry through a loop there is always a gradient, where one could come from a later turn. */
static int carried_zero(struct gradient *d, const struct node *n, const bool *reached)
{
    bool carried = n->op == OP_KEEP ? reached[n->id] : n->op == OP_CARRY && d->carried[n->id] >= 0;
    return carried ? graph_fill(d->graph, 0.0f, &n->shape) : -1;
}

static int differentiate(struct gradient *d, int id, bool is_loss, const bool *reached)
{
    struct graph *graph = d->graph;
    const struct node *n = graph_node(graph, id);
    graph->span = n->span;
    graph->call = n->call;
    graph->forward = id;
    graph->layer = n->layer;
    graph->region = n->region;
    int dy = is_loss ? graph_const(graph, 1.0f) : gradient_fold(d, id);
    if (dy < 0)
        dy = carried_zero(d, n, reached);
    if (dy >= 0 && carries(n))
        op_def(n->op)->gradient(d, n, dy);
    return dy;
}

/* Is the node a comparison a >= max(a, b) or a <= min(a, b), as gradients of these make them? */
static bool compares_result(const struct graph *graph, const struct node *n)
{
    if (n->op != OP_GE && n->op != OP_LE)
        return false;
    const struct node *result = graph_node(graph, n->operand[1]);
    return result->op == (n->op == OP_GE ? OP_MAX : OP_MIN) &&
           result->operand[0] == n->operand[0];
}

/* Nodes from `first` on are gradients: where others of them read b too, comparisons read b. */
static void compare_what_is_kept(struct gradient *d, int first)
{
    struct graph *graph = d->graph;
    bool *read = ARENA_ARRAY(d->arena, bool, first);
    for (int id = first; id < graph->count; id++) {
        const struct node *n = graph_node(graph, id);
        int count = compares_result(graph, n) ? 1 : n->count;
        for (int i = 0; i < count; i++)
            if (n->operand[i] < first)
                read[n->operand[i]] = true;
    }
    for (int id = first; id < graph->count; id++) {
        struct node *n = graph->node[id];
        int second = compares_result(graph, n) ? graph_node(graph, n->operand[1])->operand[1] : -1;
        if (second >= 0 && read[second])
            n->operand[1] = second;
    }
}

void pass_grad(struct graph *graph, int loss, const int *wanted, int wanted_count, int *gradient)
{
    struct arena *arena = arena_new();
    struct span span = graph->span, call = graph->call;
    const struct node *n = graph_node(graph, loss);
    int layer = graph->layer, first = graph->count;
    struct gradient d = {.graph = graph, .arena = arena,
                         .depends = ARENA_ARRAY(arena, bool, loss + 1),
                         .sources = ARENA_ARRAY(arena, struct sources, loss + 1)};
    int *gradient_of = ARENA_ARRAY(arena, int, loss + 1);
    bool *reached = ARENA_ARRAY(arena, bool, first + 1);
    assert(n->dtype == F32 && n->shape.rank == 0);
    gradient_begin_loops(&d);
    mark_dependents(&d, loss, wanted, wanted_count);
    while (spread_reached(&d, loss, reached))
        continue;
    for (int id = loss; id >= 0; id--)
        gradient_of[id] = d.depends[id] ? differentiate(&d, id, id == loss, reached) : -1;
    compare_what_is_kept(&d, first);
    const int *map = gradient_end_loops(&d);
    for (int i = 0; i < wanted_count; i++) {
        int of = wanted[i] <= loss ? gradient_of[wanted[i]] : -1;
        gradient[i] = of >= first ? map[of - first] : of;
    }
    arena_free(arena);
    graph->span = span;
    graph->call = call;
    graph->forward = -1;
    graph->layer = layer;
    graph->region = 0;
}
