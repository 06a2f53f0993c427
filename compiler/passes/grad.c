/* Reverse-mode gradients as graph nodes.
 *
 * requires:    a verified graph in which nothing was rewritten yet; a scalar f32 loss.
 * establishes: the gradient of the loss for each wanted node, made by the operators' own rules.
 *              Consumers are visited from the last to the first; a gradient with several sources
 *              is a left fold in ascending order of (consumer, operand).  New nodes carry the
 *              span of the node differentiated and its id in `forward`. */
#include "passes/pass.h"

#include <assert.h>
#include "op.h"

struct contribution {
    int consumer, operand, value;
};

/* What reached one forward node, in the order of arrival. */
struct sources {
    struct contribution *item;
    int count, room;
};

struct gradient {
    struct graph *graph;
    bool *depends;                      /* by forward id: on a wanted node, differentiably */
    struct sources *sources;            /* by forward id */
};

struct graph *gradient_graph(struct gradient *d)
{
    return d->graph;
}

bool gradient_wanted(const struct gradient *d, const struct node *n, int index)
{
    return d->depends[n->operand[index]];
}

void gradient_add(struct gradient *d, const struct node *n, int index, int contribution)
{
    if (!gradient_wanted(d, n, index))
        return;
    struct arena *arena = d->graph->program->arena;
    struct sources *to = &d->sources[n->operand[index]];
    const struct shape *shape = &graph_node(d->graph, n->operand[index])->shape;
    int value = graph_unbroadcast(d->graph, contribution, shape);
    ARENA_PUSH(arena, to->item, to->count, to->room) = (struct contribution){n->id, index, value};
}

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

/* Consumers arrive in descending order; within one, operands in the order of its rule. */
static void sort_sources(struct sources *s)
{
    for (int i = 1; i < s->count; i++) {
        struct contribution c = s->item[i];
        int at = i;
        for (; at > 0; at--) {
            const struct contribution *before = &s->item[at - 1];
            if (before->consumer < c.consumer ||
                (before->consumer == c.consumer && before->operand < c.operand))
                break;
            s->item[at] = *before;
        }
        s->item[at] = c;
    }
}

/* The node of the whole gradient, or -1 where nothing arrived. */
static int fold_sources(struct gradient *d, struct sources *s)
{
    if (s->count == 0)
        return -1;
    sort_sources(s);
    int sum = s->item[0].value;
    for (int i = 1; i < s->count; i++)
        sum = graph_binary(d->graph, OP_ADD, sum, s->item[i].value);
    return sum;
}

static int differentiate(struct gradient *d, int id, bool is_loss)
{
    struct graph *graph = d->graph;
    const struct node *n = graph_node(graph, id);
    graph->span = n->span;
    graph->call = n->call;
    graph->forward = id;
    int dy = is_loss ? graph_const(graph, 1.0f) : fold_sources(d, &d->sources[id]);
    if (dy >= 0 && carries(n))
        op_def(n->op)->gradient(d, n, dy);
    return dy;
}

void pass_grad(struct graph *graph, int loss, const int *wanted, int wanted_count, int *gradient)
{
    struct arena *arena = graph->program->arena;
    struct span span = graph->span, call = graph->call;
    const struct node *n = graph_node(graph, loss);
    struct gradient d = {graph, ARENA_ARRAY(arena, bool, loss + 1),
                         ARENA_ARRAY(arena, struct sources, loss + 1)};
    int *gradient_of = ARENA_ARRAY(arena, int, loss + 1);
    assert(n->dtype == F32 && n->shape.rank == 0);
    mark_dependents(&d, loss, wanted, wanted_count);
    for (int id = loss; id >= 0; id--)
        gradient_of[id] = d.depends[id] ? differentiate(&d, id, id == loss) : -1;
    for (int i = 0; i < wanted_count; i++)
        gradient[i] = wanted[i] <= loss ? gradient_of[wanted[i]] : -1;
    graph->span = span;
    graph->call = call;
    graph->forward = -1;
}
