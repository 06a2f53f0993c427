/* Gradients through loops: see graph/gradient.h. */
#include "graph/gradient.h"

#include <assert.h>
#include "graph/contraction.h"
#include "graph/op.h"
#include "graph/program.h"

void gradient_begin_loops(struct gradient *d)
{
    const struct graph *graph = d->graph;
    d->first = graph->count;
    d->loops = loops_of(graph, d->arena);
    d->back = ARENA_ARRAY(d->arena, int, graph->loop_count + 1);
    d->carried = ARENA_ARRAY(d->arena, int, graph->count + 1);
    d->brought = ARENA_ARRAY(d->arena, int, graph->count + 1);
    for (int i = 0; i < graph->loop_count; i++)
        d->back[i] = -1;
    for (int id = 0; id < graph->count; id++)
        d->carried[id] = d->brought[id] = -1;
}

int gradient_back(struct gradient *d, int loop)
{
    if (loop < 0 || d->back[loop] >= 0)
        return loop < 0 ? -1 : d->back[loop];
    struct loop forward = d->graph->loop[loop];
    int back = graph_add_loop(d->graph, forward.turns, !forward.reverse,
                              gradient_back(d, forward.outer));
    d->graph->loop[back].span = forward.span;
    d->graph->loop[back].call = forward.call;
    return d->back[loop] = back;
}

/* The turns of a stack [t, b, ..] behind the batch's rows: [b, t, ..], the order of sums. */
static int put_rows_first(struct graph *graph, int stack)
{
    int perm[RANK_MAX];
    if (graph_node(graph, stack)->shape.rows != 1)
        return stack;
    for (int i = 0; i < RANK_MAX; i++)
        perm[i] = i < 2 ? 1 - i : i;
    return graph_transpose(graph, stack, perm);
}

/* The sum of the loop's values, stacked, down to the shape. */
static int sum_turns(struct graph *graph, int stack, struct shape shape)
{
    struct shape wide = shape, all = graph_node(graph, stack)->shape;
    stack = put_rows_first(graph, stack);
    if (all.rows == 1 && shape.rows == 0 && shape.rank == all.rank - 1) {
        wide.rank++;
        for (int i = wide.rank - 1; i > 1; i--)
            wide.dim[i] = shape.dim[i - 1];
        wide.dim[1] = 1;
    }
    return graph_reshape(graph, graph_unbroadcast(graph, stack, &wide), &shape);
}

/* The loop in whose turns the node reads its operands, or -1. */
static int reads_in(const struct gradient *d, const struct node *n)
{
    if (n->op == OP_STACK || n->op == OP_LAST)
        return n->attr.loop;
    if (n->op == OP_TURN || n->op == OP_CARRY)
        return d->graph->loop[n->attr.loop].outer;
    return d->loops.at[n->id];
}

int gradient_over_turns(struct gradient *d, const struct node *n, int x, int value)
{
    const struct shape *shape = &graph_node(d->graph, x)->shape;
    for (int loop = reads_in(d, n); loop != d->loops.at[x]; loop = d->graph->loop[loop].outer) {
        int stack = graph_stack(d->graph, gradient_back(d, loop), value);
        value = sum_turns(d->graph, stack, *shape);
    }
    return graph_unbroadcast(d->graph, value, shape);
}

/* All turns of a forward node of the loop. */
static int whole_of(struct gradient *d, int loop, int id)
{
    const struct node *n = graph_node(d->graph, id);
    return n->op == OP_TURN && n->attr.loop == loop ? n->operand[0]
                                                    : graph_stack(d->graph, loop, id);
}

int gradient_of_factor(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = d->graph;
    int a = n->operand[0], w = n->operand[1], loop = d->loops.at[n->id];
    bool plain = n->op == OP_MATMUL && !n->attr.transpose_a && !n->attr.transpose_b &&
                 n->shape.rank == 2 && graph_node(graph, w)->shape.rows < 0;
    if (!plain || loop < 0 || d->loops.at[a] != loop || d->loops.at[w] != graph->loop[loop].outer)
        return -1;
    int all = put_rows_first(graph, whole_of(d, loop, a));
    int back = put_rows_first(graph, graph_stack(graph, gradient_back(d, loop), dy));
    return contraction_filter(graph, all, back, 2, 1, false);
}

/* ---- what gradients read of forward loops ---- */

static int bring(struct gradient *d, int id);

/* What is made next stands for that forward node. */
static void stand_for(struct gradient *d, const struct node *n)
{
    struct graph *graph = d->graph;
    graph->span = n->span;
    graph->call = n->call;
    graph->forward = n->id;
    graph->layer = n->layer;
    graph->region = n->region;
}

/* A view is viewed again: what it views may be kept anyway. */
static int bring_view(struct gradient *d, const struct node *n)
{
    if (n->op == OP_TRANSPOSED || n->op == OP_STOP_GRADIENT)
        return bring(d, n->operand[0]);
    int x = bring(d, n->operand[0]);
    return graph_add_shaped(d->graph, n->op, 1, &x, &n->attr, n->dtype, &n->shape);
}

/* A map is made again, of what it is of. */
static int bring_map(struct gradient *d, const struct node *n)
{
    int *x = ARENA_ARRAY(d->arena, int, n->count + 1);
    for (int i = 0; i < n->count; i++)
        x[i] = bring(d, n->operand[i]);
    stand_for(d, n);
    return graph_add_shaped(d->graph, n->op, n->count, x, &n->attr, n->dtype, &n->shape);
}

/* What was stacked over the loop, and those around it, in the turns of their gradients. */
static int read_back(struct gradient *d, int loop, int x)
{
    if (loop < 0)
        return x;
    x = read_back(d, d->graph->loop[loop].outer, x);
    return graph_turn(d->graph, gradient_back(d, loop), x);
}

/* The axes behind the batch's rows as one, where those of turns would be too many beside them. */
static struct shape flat_for_turns(const struct shape *shape)
{
    struct shape flat = *shape;
    if (shape->rank + LOOPS_DEEP <= RANK_MAX)
        return flat;
    flat.rank = shape->rows + 2;
    for (int i = flat.rank; i < shape->rank; i++)
        flat.dim[flat.rank - 1] *= shape->dim[i];
    return flat;
}

/* Is it a cheap map of no more than one value of the loop that would have to be stacked, as large,
 * beside what the loop reads from outside?  Then it is made again of that. */
static bool is_made_again(const struct gradient *d, const struct node *n)
{
    int kept = -1;
    if (!op_is_cheap(n->op) || n->dtype != F32)
        return false;
    for (int i = 0; i < n->count; i++) {
        const struct node *x = graph_node(d->graph, n->operand[i]);
        if (d->loops.at[x->id] < 0 || x->op == OP_TURN || x->id == kept)
            continue;
        bool view = op_def(x->op)->class == CLASS_VIEW && x->op != OP_CARRY;
        if (kept >= 0 || view || x->dtype != F32 || !shape_equal(&x->shape, &n->shape))
            return false;
        kept = x->id;
    }
    return true;
}

static int bring_stacked(struct gradient *d, int id)
{
    struct graph *graph = d->graph;
    struct shape shape = graph_node(graph, id)->shape, flat = flat_for_turns(&shape);
    int loop = d->loops.at[id], stack;
    graph->forward = -1;
    stack = graph_reshape(graph, id, &flat);
    for (int around = loop; around >= 0; around = graph->loop[around].outer)
        stack = graph_stack(graph, around, stack);
    graph->forward = id;
    return graph_reshape(graph, read_back(d, loop, stack), &shape);
}

/* The value of a forward node where its gradients stand. */
static int bring(struct gradient *d, int id)
{
    struct graph *graph = d->graph;
    const struct node *n = graph_node(graph, id);
    if (d->loops.at[id] < 0 || d->brought[id] >= 0)
        return d->loops.at[id] < 0 ? id : d->brought[id];
    stand_for(d, n);
    bool view = op_def(n->op)->class == CLASS_VIEW && n->op != OP_CARRY && n->op != OP_LAST;
    if (n->op == OP_TURN) {
        int x = bring(d, n->operand[0]);
        d->brought[id] = graph_turn(graph, gradient_back(d, n->attr.loop), x);
    } else if (is_made_again(d, n)) {
        d->brought[id] = bring_map(d, n);
    } else {
        d->brought[id] = view ? bring_view(d, n) : bring_stacked(d, id);
    }
    return d->brought[id];
}

/* Is it the stack of a forward loop, which reads it there? */
static bool stacks_forward(const struct gradient *d, const struct node *n)
{
    return n->op == OP_STACK && n->attr.loop == d->loops.at[n->operand[0]];
}

int *gradient_end_loops(struct gradient *d)
{
    struct graph *graph = d->graph;
    int count = graph->count - d->first;
    struct node **node = ARENA_ARRAY(d->arena, struct node *, count + 1);
    int *map = ARENA_ARRAY(d->arena, int, count + 1);
    for (int i = 0; i < count; i++)
        node[i] = graph->node[d->first + i];
    graph->count = d->first;
    for (int i = 0; i < count; i++) {
        struct node *n = node[i];
        for (int k = 0; k < n->count; k++) {
            int x = n->operand[k];
            if (x >= d->first)
                n->operand[k] = map[x - d->first];
            else if (!stacks_forward(d, n))
                n->operand[k] = bring(d, x);
        }
        map[i] = n->id = graph->count;
        ARENA_PUSH(graph->nodes, graph->node, graph->count, graph->room) = n;
    }
    return map;
}
