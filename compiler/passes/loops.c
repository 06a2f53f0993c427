/* pass_loops: what a loop moves or keeps is a value of its own.
 *
 * requires:    a verified graph after pass_simplify, which would take the copies away again.
 * establishes: the value of a STACK is computed in its loop, by a node that no other STACK has, so
 *              that it can lie at its place of the whole; that of a KEEP is no other carry of the
 *              loop, so that no two carries wait for one another; what a TURN is a slice of lies in
 *              memory.  Where that did not hold, a copy was put between: a RESHAPE to the same
 *              shape, which pass_simplify never leaves (schedule_is_copy).  Except in firmware
 *              a product of each turn by the transpose of what no turn changes reads a TRANSPOSE,
 *              which pass_fuse then copies before the loop: it would be turned in each.  For target
 *              c one by a large matrix reads panels of its columns, copied in the same way: it
 *              would be packed in each turn, or read over and over from a far cache. */
#include "core/contract.h"
#include "graph/loop.h"
#include "graph/op.h"
#include "passes/schedule.h"

enum {
    PANEL = INV_PANEL,                  /* columns */
    PANEL_ROWS = 16,                    /* of a product, from which a panel is used again */
    PANEL_ELEMENTS = 12 << 10           /* of a matrix: more than a level-1 cache holds */
};

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

/* A transpose of the node of that new id, of that shape. */
static int add_transpose(struct copies *c, const struct node *reader, int value,
                         const int64_t perm[RANK_MAX], const struct shape *shape)
{
    struct node *view = add_view(c, reader, OP_TRANSPOSE, value);
    view->attr.perm = perm;
    view->shape = *shape;
    return view->id;
}

/* The transpose of a matrix; its new id. */
static int add_turned(struct copies *c, const struct node *reader, int value)
{
    static const int64_t exchange[RANK_MAX] = {1, 0};
    const struct shape *shape = &c->old[value]->shape;
    struct shape turned = {.rank = 2, .rows = -1, .dim = {shape->dim[1], shape->dim[0]}};
    return add_transpose(c, reader, c->map[value], exchange, &turned);
}

/* The matrix, [k, n] or turned, [n, k], as panels of its columns, [n / PANEL, k, PANEL]; its new
 * id. */
static int add_panels(struct copies *c, const struct node *reader, int value)
{
    static const int64_t plain[RANK_MAX] = {1, 0, 2}, turned[RANK_MAX] = {0, 2, 1};
    const struct shape *shape = &c->old[value]->shape;
    bool turns = reader->attr.transpose_b;
    int64_t k = shape->dim[turns], count = shape->dim[!turns] / PANEL;
    struct node *parts = add_view(c, reader, OP_RESHAPE, c->map[value]);
    parts->shape = turns ? (struct shape){.rank = 3, .rows = -1, .dim = {count, PANEL, k}}
                         : (struct shape){.rank = 3, .rows = -1, .dim = {k, count, PANEL}};
    struct shape panels = {.rank = 3, .rows = -1, .dim = {count, k, PANEL}};
    return add_transpose(c, reader, parts->id, turns ? turned : plain, &panels);
}

/* Is it a product of each turn by a matrix that no turn changes? */
static bool is_by_fixed(const struct copies *c, const struct node *node)
{
    int loop = c->loops.runs[node->id];
    if (c->graph->program->spares_memory || node->op != OP_MATMUL || node->shape.rank != 2 ||
        loop < 0)
        return false;
    int b = node->operand[1], outer = c->graph->loop[loop].outer;
    return c->old[b]->shape.rank == 2 && c->old[b]->shape.rows < 0 &&
           loop_within(c->graph, outer, c->loops.at[b]);
}

/* Is it worth while to have the matrix in panels?  Rows enough to use each of them again, and more
 * than near caches hold as it lies. */
static bool is_by_panels(const struct copies *c, const struct node *node)
{
    const struct program *program = c->graph->program;
    const struct shape *b = &c->old[node->operand[1]]->shape;
    int64_t rows = node->shape.dim[0] * (node->shape.rows == 0 ? program->train.rows : 1);
    return program->has_scratch && node->shape.dim[1] % PANEL == 0 && rows >= PANEL_ROWS &&
           shape_elements(b) >= PANEL_ELEMENTS;
}

/* The new id of what the product reads in the place of its matrix, or -1. */
static int add_laid_out(struct copies *c, struct node *product)
{
    int made = -1, b = product->operand[1];
    if (is_by_fixed(c, product) && is_by_panels(c, product)) {
        made = add_panels(c, product, b);
        product->attr.panel = PANEL;
    } else if (is_by_fixed(c, product) && product->attr.transpose_b) {
        made = add_turned(c, product, b);
    }
    product->attr.transpose_b &= made < 0;
    return made;
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
    int second = node->op == OP_MATMUL ? add_laid_out(c, node) : -1;
    for (int i = 0; i < node->count; i++)
        node->operand[i] = i == 0 && c->copies[id]   ? first
                           : i == 1 && second >= 0 ? second
                                                   : c->map[node->operand[i]];
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
