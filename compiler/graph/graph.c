/* Nodes of a graph: made, checked, compared. */
#include "graph/graph.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/chains.h"
#include "graph/loop.h"
#include "graph/op.h"
#include "graph/program.h"

struct graph *graph_new(struct program *program, const char *name)
{
    struct graph *graph = ARENA_NEW(program->arena, struct graph);
    graph->program = program;
    graph->name = name;
    graph->nodes = arena_within(program->arena);
    graph->forward = -1;
    return graph;
}

struct node *graph_node(const struct graph *graph, int id)
{
    assert(id >= 0 && id < graph->count);
    return graph->node[id];
}

static _Noreturn void die(const struct graph *graph, const struct node *n, const char *where,
                          const char *problem)
{
    struct text text;
    text_init(&text, graph->program->arena);
    graph_print(graph, &text);
    fprintf(stderr, "%s\ninvar: bug of the compiler %s: %%%d = %s: %s\n", text.data, where, n->id,
            n->op < OP_COUNT ? op_def(n->op)->stem : "?", problem);
    for (int i = 0; i < n->count; i++)
        if (n->operand[i] >= 0 && n->operand[i] < graph->count) {
            const struct node *x = graph->node[n->operand[i]];
            fprintf(stderr, "  operand %d: %%%d %s\n", i, x->id,
                    shape_print(graph->program->arena, x->dtype, &x->shape));
        }
    abort();
}

static const char *check_shape(const struct shape *shape)
{
    if (shape->rank < 0 || shape->rank > RANK_MAX)
        return "the rank is out of range";
    if (shape->rows < -1 || shape->rows >= shape->rank)
        return "the axis of the batch's rows is out of range";
    for (int i = 0; i < shape->rank; i++)
        if (shape->dim[i] < 1)
            return "an axis is empty";
    return NULL;
}

static const char *check_variable(const struct graph *graph, const struct node *n)
{
    int id = n->attr.variable;
    return id < 0 || id >= graph->program->variable_count ? "there is no such variable" : NULL;
}

static const char *check_loop(const struct graph *graph, const struct node *n)
{
    return n->attr.loop < 0 || n->attr.loop >= graph->loop_count ? "there is no such loop" : NULL;
}

const char *graph_infer(const struct graph *graph, struct node *n)
{
    const struct op_def *def = op_def(n->op);
    if (def->operands >= 0 && n->count != def->operands)
        return "wrong number of operands";
    for (int i = 0; i < n->count; i++)
        if (n->operand[i] < 0 || n->operand[i] >= n->id || n->operand[i] >= graph->count)
            return "an operand does not stand before";
    if (def->attributes & ATTR_VARIABLE && check_variable(graph, n))
        return check_variable(graph, n);
    if (def->attributes & ATTR_LOOP && check_loop(graph, n))
        return check_loop(graph, n);
    const char *problem = check_shape(&n->shape);
    if (!problem)
        problem = def->infer(graph, n);
    return problem ? problem : check_shape(&n->shape);
}

static const int64_t *keep_axes(struct arena *arena, const int64_t *value, int rank)
{
    int64_t *kept = ARENA_ARRAY(arena, int64_t, rank + 1);
    for (int i = 0; value && i < rank; i++)
        kept[i] = value[i];
    return kept;
}

void node_keep_axes(struct arena *arena, struct node *n)
{
    unsigned has = op_def(n->op)->attributes;
#define PER_AXIS(enumerator, field) \
    if (has & ATTR_##enumerator) \
        n->attr.field = keep_axes(arena, n->attr.field, n->shape.rank);
#include "graph/attributes.def"
}

/* Is it a number that the graph has once: made of what no row, variable or draw is in? */
static bool is_shared(const struct graph *graph, const struct node *n)
{
    bool made = op_def(n->op)->class == CLASS_MAP && n->count > 0;
    bool given = n->op == OP_STEP_VALUE || (n->op == OP_CONST && !n->attr.list);
    for (int i = 0; made && i < n->count; i++)
        made = chains_has(graph->scalars, n->operand[i]);
    return n->shape.rank == 0 && (given || made);
}

/* The node that is the same number; else the new one, as it will be found. */
static int share(struct graph *graph, const struct node *n)
{
    uint32_t hash = node_hash(n);
    for (int id = chains_first(graph->scalars, hash); id >= 0; id = chains_next(graph->scalars, id))
        if (node_same(graph->node[id], n) && graph->node[id]->region == n->region)
            return id;
    chains_add(graph->scalars, n->id, hash);
    return n->id;
}

/* Appends a copy of the node, its operands and what its attributes have per axis. */
static int append(struct graph *graph, const struct node *new)
{
    struct node *n = ARENA_NEW(graph->nodes, struct node);
    *n = *new;
    n->operand = ARENA_ARRAY(graph->nodes, int, n->count > 0 ? n->count : 1);
    for (int i = 0; i < n->count; i++)
        n->operand[i] = new->operand[i];
    node_keep_axes(graph->nodes, n);
    ARENA_PUSH(graph->nodes, graph->node, graph->count, graph->room) = n;
    return n->id;
}

int graph_add_shaped(struct graph *graph, enum op op, int count, const int *operand,
                     const struct attr *attr, enum dtype dtype, const struct shape *shape)
{
    struct node n = {.id = graph->count, .op = op, .dtype = dtype, .shape = *shape, .count = count,
                     .operand = (int *)operand, .span = graph->span, .call = graph->call,
                     .forward = graph->forward, .layer = graph->layer,
                     .gradient = graph->forward >= 0, .region = graph->region};
    if (attr)
        n.attr = *attr;
    const char *problem = graph_infer(graph, &n);
    if (problem)
        die(graph, &n, "while building", problem);
    int id = graph->scalars && is_shared(graph, &n) ? share(graph, &n) : n.id;
    return id < n.id ? id : append(graph, &n);
}

int graph_add(struct graph *graph, enum op op, int count, const int *operand,
              const struct attr *attr)
{
    struct shape scalar = shape_scalar();
    return graph_add_shaped(graph, op, count, operand, attr, F32, &scalar);
}

void graph_cut(struct graph *graph, int from)
{
    graph->count = from;
    if (graph->scalars)
        chains_cut(graph->scalars, from);
}

/* ---- dead nodes ---- */

/* Marks what marked nodes read, then the keeps of carries that are: they stand behind these.  Was
 * there one that had not been marked? */
static bool spread_marks(const struct graph *graph, int last, bool *marked)
{
    bool again = false;
    for (int id = last; id >= 0; id--) {
        const struct node *node = graph->node[id];
        for (int i = 0; marked[id] && i < node->count; i++)
            marked[node->operand[i]] = true;
    }
    for (int id = 0; id <= last; id++) {
        const struct node *node = graph->node[id];
        if (node->op == OP_KEEP && marked[node->operand[1]] && !marked[id])
            again = marked[id] = true;
    }
    return again;
}

void graph_mark_read(const struct graph *graph, int last, bool *marked)
{
    while (spread_marks(graph, last, marked))
        continue;
}

static bool *find_live(struct arena *arena, const struct graph *graph)
{
    bool *live = ARENA_ARRAY(arena, bool, graph->count + 1);
    for (int id = 0; id < graph->count; id++)
        live[id] = graph->node[id]->op == OP_STORE;
    graph_mark_read(graph, graph->count - 1, live);
    return live;
}

/* Leaves out loops that nothing leads into or out of, and none of whose inner ones is left. */
static void drop_loops(struct graph *graph, struct arena *scratch)
{
    bool *used = ARENA_ARRAY(scratch, bool, graph->loop_count + 1);
    int *map = ARENA_ARRAY(scratch, int, graph->loop_count + 1), count = 0;
    for (int id = 0; id < graph->count; id++)
        if (op_def(graph->node[id]->op)->attributes & ATTR_LOOP)
            used[graph->node[id]->attr.loop] = true;
    for (int i = graph->loop_count - 1; i >= 0; i--)
        if (used[i] && graph->loop[i].outer >= 0)
            used[graph->loop[i].outer] = true;
    for (int i = 0; i < graph->loop_count; i++) {
        struct loop *loop = &graph->loop[i];
        map[i] = used[i] ? count : -1;
        if (!used[i])
            continue;
        loop->outer = loop->outer >= 0 ? map[loop->outer] : -1;
        graph->loop[count++] = *loop;
    }
    graph->loop_count = count;
    for (int id = 0; id < graph->count; id++)
        if (op_def(graph->node[id]->op)->attributes & ATTR_LOOP)
            graph->node[id]->attr.loop = map[graph->node[id]->attr.loop];
}

void graph_drop_dead(struct graph *graph)
{
    struct arena *scratch = arena_new();
    bool *live = find_live(scratch, graph);
    int *map = ARENA_ARRAY(scratch, int, graph->count + 1);
    int count = 0;
    for (int id = 0; id < graph->count; id++) {
        struct node *node = graph->node[id];
        map[id] = live[id] ? count : -1;
        if (!live[id])
            continue;
        for (int i = 0; i < node->count; i++)
            node->operand[i] = map[node->operand[i]];
        node->forward = node->forward >= 0 && node->forward < id ? map[node->forward] : -1;
        if (node->again && node->after >= 0)
            node->after = map[node->after];
        node->id = count;
        graph->node[count++] = node;
    }
    graph->count = count;
    drop_loops(graph, scratch);
    arena_free(scratch);
}

/* ---- attributes by their forms ---- */

static int64_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static bool same_list(const float *a, const float *b, const struct shape *shape)
{
    if (!a || !b)
        return a == b;
    return memcmp(a, b, sizeof *a * (size_t)shape_elements(shape)) == 0;
}

static bool same_axes(const int64_t *a, const int64_t *b, const struct shape *shape)
{
    return memcmp(a, b, sizeof *a * (size_t)shape->rank) == 0;
}

#define SAME_VARIABLE(a, b, shape) ((a) == (b))
#define SAME_BARE(a, b, shape) ((a) == (b))
#define SAME_WORD(a, b, shape) ((a) == (b))
#define SAME_WHOLE(a, b, shape) ((a) == (b))
#define SAME_COUNT(a, b, shape) ((a) == (b))
#define SAME_MARK(a, b, shape) ((a) == (b))
#define SAME_REAL(a, b, shape) (bits_of(a) == bits_of(b))
#define SAME_LIST(a, b, shape) same_list(a, b, shape)
#define SAME_TEXT(a, b, shape) (strcmp(a, b) == 0)
#define SAME_DERIVED(a, b, shape) true

static bool same_attributes(const struct node *n, const struct attr *a, const struct attr *b)
{
    unsigned has = op_def(n->op)->attributes;
#define ATTRIBUTE(enumerator, field, form, type) \
    if (has & ATTR_##enumerator && !SAME_##form(a->field, b->field, &n->shape)) \
        return false;
#define PER_AXIS(enumerator, field) \
    if (has & ATTR_##enumerator && !same_axes(a->field, b->field, &n->shape)) \
        return false;
#include "graph/attributes.def"
    return true;
}

bool node_same(const struct node *a, const struct node *b)
{
    if (a->op != b->op || a->dtype != b->dtype || a->count != b->count ||
        !shape_equal(&a->shape, &b->shape))
        return false;
    for (int i = 0; i < a->count; i++)
        if (a->operand[i] != b->operand[i])
            return false;
    return same_attributes(a, &a->attr, &b->attr);
}

bool node_is_act(const struct node *n)
{
    return n->op == OP_STORE || n->op == OP_CARRY || n->op == OP_KEEP;
}

struct numbers {
    void (*put)(void *to, int64_t);
    void *to;
};

static void put_text(const struct numbers *numbers, const char *text)
{
    for (; text && *text; text++)
        numbers->put(numbers->to, *text);
    numbers->put(numbers->to, 0);       /* where it ends and the next one begins */
}

#define PUT_VARIABLE(value) put(to, value)
#define PUT_BARE(value) put(to, (int64_t)(value))
#define PUT_WORD(value) put(to, (int64_t)(value))
#define PUT_WHOLE(value) put(to, value)
#define PUT_COUNT(value) put(to, value)
#define PUT_MARK(value) put(to, value)
#define PUT_REAL(value) put(to, bits_of(value))
#define PUT_LIST(value) put(to, (int64_t)(intptr_t)(value))
#define PUT_TEXT(value) put_text(&numbers, value)
#define PUT_DERIVED(value) put(to, value)

void node_numbers(const struct node *n, unsigned which, void (*put)(void *, int64_t), void *to)
{
    const struct numbers numbers = {put, to};
    which &= op_def(n->op)->attributes;
#define ATTRIBUTE(enumerator, field, form, type) \
    if (which & ATTR_##enumerator) \
        PUT_##form(n->attr.field);
#define PER_AXIS(enumerator, field) \
    for (int axis = 0; which & ATTR_##enumerator && axis < n->shape.rank; axis++) \
        put(to, n->attr.field[axis]);
#include "graph/attributes.def"
}

static void hash_number(void *to, int64_t number)
{
    uint32_t *h = to;
    *h = (*h ^ (uint32_t)number) * 16777619u;
}

uint32_t node_hash(const struct node *n)
{
    uint32_t h = 2166136261u ^ (uint32_t)n->op;
    for (int i = 0; i < n->count; i++)
        hash_number(&h, n->operand[i]);
    node_numbers(n, ~(unsigned)(ATTR_LIST | ATTR_STREAM), hash_number, &h);
    return h ^ h >> 15;
}

static const char *verify_node(const struct graph *graph, int id)
{
    const struct node *n = graph->node[id];
    if (n->id != id)
        return "the id is not the place";
    if (n->op >= OP_COUNT)
        return "no operator";
    if (n->forward < -1 || n->forward >= id)
        return "the node differentiated does not stand before";
    struct node inferred = *n;
    const char *problem = graph_infer(graph, &inferred);
    if (problem)
        return problem;
    if (inferred.dtype != n->dtype)
        return "the element type is not what the operator gives";
    return shape_equal(&inferred.shape, &n->shape) ? NULL
                                                   : "the shape is not what the operator gives";
}

void graph_verify(const struct graph *graph, const char *after_pass)
{
    char where[64];
    snprintf(where, sizeof where, "after pass %s", after_pass);
    for (int i = 0; i < graph->count; i++) {
        const char *problem = verify_node(graph, i);
        if (problem)
            die(graph, graph->node[i], where, problem);
    }
    int node = 0;
    const char *problem = loops_problem(graph, &node);
    if (problem)
        die(graph, graph->node[node], where, problem);
}
