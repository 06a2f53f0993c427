/* pass_loops: what a loop moves or keeps is a value of its own.
 *
 * requires:    a verified graph after pass_simplify, which would take the copies away again.
 * establishes: the value of a STACK is computed in its loop, by a node that no other STACK has, so
 *              that it can lie at its place of the whole; that of a KEEP is no other carry of the
 *              loop, so that no two carries wait for one another; what a TURN is a slice of lies in
 *              memory.  Where that did not hold, a copy was put between: a RESHAPE to the same
 *              shape, which pass_simplify never leaves (schedule_is_copy).  Except in firmware
 *              a product of each turn by the transpose of what no turn changes reads a TRANSPOSE,
 *              which pass_fuse then copies before the loop: it would be turned in each. */
#include "graph/loop.h"
#include "graph/op.h"
#include "passes/schedule.h"

struct copies {
    struct graph *graph;
    struct node **old;
    struct loops loops;                 /* by old id */
    bool *taken;                        /* by old id: lies in a stack */
    bool *copies;                       /* by old id: reads a copy of its first operand */
    int *map;                           /* old id -> new id */
};

static int append(struct graph *graph, struct node *node)
{
    node->id = graph->count;
    ARENA_PUSH(graph->nodes, graph->node, graph->count, graph->room) = node;
    return node->id;
}

/* A view of the value of that new id, of the line of the node that reads it. */
static struct node *add_view(struct copies *c, const struct node *reader, enum op op, int value)
{
    const struct node *viewed = c->graph->node[value];
    struct node *made = ARENA_NEW(c->graph->nodes, struct node);
    *made = *reader;
    made->op = op;
    made->attr = (struct attr){0};
    made->dtype = viewed->dtype;
    made->shape = viewed->shape;
    made->count = 1;
    made->operand = ARENA_ARRAY(c->graph->nodes, int, 1);
    made->operand[0] = value;
    append(c->graph, made);
    return made;
}

/* A copy of the value; its new id. */
static int add_copy(struct copies *c, const struct node *reader, int value)
{
    return add_view(c, reader, OP_RESHAPE, c->map[value])->id;
}

/* The transpose of a matrix; its new id. */
static int add_turned(struct copies *c, const struct node *reader, int value)
{
    static const int64_t exchange[RANK_MAX] = {1, 0};
    const struct shape *shape = &c->old[value]->shape;
    struct node *view = add_view(c, reader, OP_TRANSPOSE, c->map[value]);
    view->attr.perm = exchange;
    view->shape.dim[0] = shape->dim[1];
    view->shape.dim[1] = shape->dim[0];
    return view->id;
}

/* Is it a product of each turn by the transpose of a matrix that no turn changes? */
static bool turns_fixed(const struct copies *c, const struct node *node)
{
    int loop = c->loops.runs[node->id];
    if (c->graph->program->spares_memory || node->op != OP_MATMUL || node->shape.rank != 2 ||
        !node->attr.transpose_b || loop < 0)
        return false;
    int b = node->operand[1], outer = c->graph->loop[loop].outer;
    return c->old[b]->shape.rank == 2 && c->old[b]->shape.rows < 0 &&
           loop_within(c->graph, outer, c->loops.at[b]);
}

/* The node whose elements the value has, in their order. */
static int base_of(const struct copies *c, int id)
{
    while (c->old[id]->op == OP_RESHAPE || c->old[id]->op == OP_STOP_GRADIENT)
        id = c->old[id]->operand[0];
    return id;
}

/* Can the value be computed at its place of the stack? Not if it is a whole with places for parts
 * of its own, which a CONCAT without rows can be. */
static bool fits_stack(struct copies *c, int loop, int value)
{
    int base = base_of(c, value);
    enum op_class class = op_def(c->old[base]->op)->class;
    bool fits = class != CLASS_VIEW && class != CLASS_SOURCE && class != CLASS_STORE &&
                (class != CLASS_MOVE || c->old[base]->shape.rows >= 0) &&
                c->loops.runs[base] == loop && !c->taken[base];
    c->taken[base] |= fits;
    return fits;
}

static bool is_constant(const struct copies *c, int id)
{
    while (op_def(c->old[id]->op)->class == CLASS_VIEW && c->old[id]->op != OP_CARRY)
        id = c->old[id]->operand[0];
    return c->old[id]->op == OP_CONST || c->old[id]->op == OP_STEP_VALUE;
}

/* Is it a carry of the node's loop, or a view of one? */
static bool is_carry(const struct copies *c, const struct node *keep, int id)
{
    while (op_def(c->old[id]->op)->class == CLASS_VIEW && c->old[id]->op != OP_CARRY)
        id = c->old[id]->operand[0];
    return c->old[id]->op == OP_CARRY && c->old[id]->attr.loop == keep->attr.loop;
}

static bool needs_copy(struct copies *c, const struct node *node, int value)
{
    if (node->op == OP_STACK)
        return !fits_stack(c, node->attr.loop, value);
    if (node->op == OP_KEEP)
        return value != node->operand[1] && is_carry(c, node, value);
    return node->op == OP_TURN && is_constant(c, value);
}

static void move(struct copies *c, int id)
{
    struct node *node = c->old[id];
    int first = c->copies[id] ? add_copy(c, node, node->operand[0]) : -1;
    int turned = turns_fixed(c, node) ? add_turned(c, node, node->operand[1]) : -1;
    for (int i = 0; i < node->count; i++)
        node->operand[i] = i == 0 && c->copies[id]   ? first
                           : i == 1 && turned >= 0 ? turned
                                                   : c->map[node->operand[i]];
    node->attr.transpose_b &= turned < 0;
    node->forward = node->forward >= 0 ? c->map[node->forward] : -1;
    if (node->again && node->after >= 0)
        node->after = c->map[node->after];
    c->map[id] = append(c->graph, node);
}

void pass_loops(struct graph *graph)
{
    int count = graph->count;
    if (graph->loop_count == 0)
        return;
    struct arena *arena = arena_new();
    struct copies c = {.graph = graph, .old = ARENA_ARRAY(arena, struct node *, count),
                       .loops = loops_of(graph, arena), .taken = ARENA_ARRAY(arena, bool, count),
                       .copies = ARENA_ARRAY(arena, bool, count),
                       .map = ARENA_ARRAY(arena, int, count)};
    for (int id = 0; id < count; id++)
        c.old[id] = graph->node[id];
    for (int id = 0; id < count; id++)
        c.copies[id] = c.old[id]->count > 0 && needs_copy(&c, c.old[id], c.old[id]->operand[0]);
    graph->node = NULL;
    graph->count = graph->room = 0;
    for (int id = 0; id < count; id++)
        move(&c, id);
    arena_free(arena);
}
