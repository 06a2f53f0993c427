/* Reverse-mode gradients as graph nodes.
 *
 * requires:    a verified graph in which nothing was rewritten yet; a scalar f32 loss.
 * establishes: the gradient of the loss for each wanted node, made by the operators' own rules.
 *              Consumers are visited from the last to the first; a gradient with several sources
 *              is a left fold in ascending order of (consumer, operand).  New nodes carry the
 *              span of the node differentiated, its region and its id in `forward`.  Of the greater
 *              or the lesser of two, gradients read the result or the second operand, whichever
 *              they read anyway: one of the two is kept for them, not both. */
#include "passes/pass.h"

#include <assert.h>
#include "graph/gradient.h"
#include "graph/op.h"

static bool carries(const struct node *n)
{
    return n->dtype == F32 && op_def(n->op)->gradient;
}

static void mark_dependents(struct gradient *d, int loss, const int *wanted, int wanted_count)
{
    for (int i = 0; i < wanted_count; i++)
        if (wanted[i] <= loss)
            d->depends[wanted[i]] = graph_node(d->graph, wanted[i])->dtype == F32;
    for (int id = 0; id <= loss; id++) {
        const struct node *n = graph_node(d->graph, id);
        for (int i = 0; carries(n) && i < n->count; i++)
            d->depends[id] = d->depends[id] || d->depends[n->operand[i]];
    }
}

static int differentiate(struct gradient *d, int id, bool is_loss)
{
    struct graph *graph = d->graph;
    const struct node *n = graph_node(graph, id);
    graph->span = n->span;
    graph->call = n->call;
    graph->forward = id;
    graph->layer = n->layer;
    graph->region = n->region;
    int dy = is_loss ? graph_const(graph, 1.0f) : gradient_fold(d, id);
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
    struct gradient d = {graph, arena, ARENA_ARRAY(arena, bool, loss + 1),
                         ARENA_ARRAY(arena, struct sources, loss + 1)};
    int *gradient_of = ARENA_ARRAY(arena, int, loss + 1);
    assert(n->dtype == F32 && n->shape.rank == 0);
    mark_dependents(&d, loss, wanted, wanted_count);
    for (int id = loss; id >= 0; id--)
        gradient_of[id] = d.depends[id] ? differentiate(&d, id, id == loss) : -1;
    compare_what_is_kept(&d, first);
    for (int i = 0; i < wanted_count; i++)
        gradient[i] = wanted[i] <= loss ? gradient_of[wanted[i]] : -1;
    arena_free(arena);
    graph->span = span;
    graph->call = call;
    graph->forward = -1;
    graph->layer = layer;
    graph->region = 0;
}
