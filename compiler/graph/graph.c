/* Nodes of a graph: made, checked, compared. */
#include "graph/graph.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "graph/op.h"
#include "graph/program.h"

struct graph *graph_new(struct program *program, const char *name)
{
    struct graph *graph = ARENA_NEW(program->arena, struct graph);
    graph->program = program;
    graph->name = name;
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
    const char *problem = check_shape(&n->shape);
    if (!problem)
        problem = def->infer(graph, n);
    return problem ? problem : check_shape(&n->shape);
}

int graph_add_shaped(struct graph *graph, enum op op, int count, const int *operand,
                     const struct attr *attr, enum dtype dtype, const struct shape *shape)
{
    struct arena *arena = graph->program->arena;
    struct node *n = ARENA_NEW(arena, struct node);
    n->id = graph->count;
    n->op = op;
    n->dtype = dtype;
    n->shape = *shape;
    n->count = count;
    n->operand = ARENA_ARRAY(arena, int, count > 0 ? count : 1);
    for (int i = 0; i < count; i++)
        n->operand[i] = operand[i];
    if (attr)
        n->attr = *attr;
    n->span = graph->span;
    n->call = graph->call;
    n->forward = graph->forward;
    n->layer = graph->layer;
    n->gradient = graph->forward >= 0;
    const char *problem = graph_infer(graph, n);
    if (problem)
        die(graph, n, "while building", problem);
    ARENA_PUSH(arena, graph->node, graph->count, graph->room) = n;
    return n->id;
}

int graph_add(struct graph *graph, enum op op, int count, const int *operand,
              const struct attr *attr)
{
    struct shape scalar = shape_scalar();
    return graph_add_shaped(graph, op, count, operand, attr, F32, &scalar);
}

static bool same_floats(const float *a, const float *b, int64_t count)
{
    if (!a || !b)
        return a == b;
    return memcmp(a, b, sizeof *a * (size_t)count) == 0;
}

static bool same_random(const struct attr *a, const struct attr *b)
{
    return a->domain == b->domain && strcmp(a->path, b->path) == 0;
}

/* Floats are compared by their bits: -0 is not +0 and a NaN equals itself. */
static bool same_attr(unsigned uses, const struct attr *a, const struct attr *b,
                      const struct shape *shape)
{
    size_t rank = (size_t)shape->rank;
    return (!(uses & ATTR_AXIS) || a->axis == b->axis) &&
           (!(uses & ATTR_PERM) || memcmp(a->perm, b->perm, sizeof *a->perm * rank) == 0) &&
           (!(uses & ATTR_START) || memcmp(a->start, b->start, sizeof *a->start * rank) == 0) &&
           (!(uses & ATTR_TRANSPOSE) ||
            (a->transpose_a == b->transpose_a && a->transpose_b == b->transpose_b)) &&
           (!(uses & ATTR_VALUE) || (same_floats(&a->value, &b->value, 1) &&
                                     same_floats(a->list, b->list, shape_elements(shape)))) &&
           (!(uses & ATTR_WHOLE) || a->whole == b->whole) &&
           (!(uses & ATTR_VARIABLE) || a->variable == b->variable) &&
           (!(uses & ATTR_STEP_VALUE) || a->step_value == b->step_value) &&
           (!(uses & ATTR_RANDOM) || same_random(a, b)) &&
           (!(uses & ATTR_PROBABILITY) || same_floats(&a->probability, &b->probability, 1));
}

bool node_same(const struct node *a, const struct node *b)
{
    if (a->op != b->op || a->dtype != b->dtype || a->count != b->count ||
        !shape_equal(&a->shape, &b->shape))
        return false;
    for (int i = 0; i < a->count; i++)
        if (a->operand[i] != b->operand[i])
            return false;
    return same_attr(op_def(a->op)->attributes, &a->attr, &b->attr, &a->shape);
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
}
