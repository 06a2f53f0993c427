/* The operators, in the order of ops.def, and their classes. */
#include "graph/op.h"

#include <string.h>

const struct op_def *const op_table[OP_COUNT] = {
#define X(name, stem, class, operands) &op_##stem,
#include "graph/ops.def"
#undef X
};

/* ---- work ---- */

static struct extent times(struct extent extent, int64_t factor)
{
    return extent_multiply(extent, (struct extent){.constant = factor});
}

static struct extent elements_where(bool counts, const struct node *node)
{
    return counts ? extent_of_all(&node->shape) : (struct extent){0};
}

static struct work no_work(const struct graph *graph, const struct node *node)
{
    (void)graph, (void)node;
    return (struct work){0};
}

static struct work move_work(const struct graph *graph, const struct node *node)
{
    (void)graph;
    return (struct work){.steps = extent_of_all(&node->shape)};
}

static struct work random_work(const struct graph *graph, const struct node *node)
{
    (void)graph;
    return (struct work){.steps = times(extent_of_all(&node->shape), 24)};
}

static struct work map_work(const struct graph *graph, const struct node *node)
{
    bool real = node->dtype == F32 ||
                (node->count > 0 && graph->node[node->operand[0]]->dtype == F32);
    return (struct work){times(extent_of_all(&node->shape), 4), elements_where(real, node)};
}

static struct work reduction_work(const struct graph *graph, const struct node *node)
{
    const struct node *x = graph->node[node->operand[0]];
    return (struct work){extent_of_all(&x->shape), elements_where(x->dtype == F32, x)};
}

static struct work scatter_work(const struct graph *graph, const struct node *node)
{
    const struct node *g = graph->node[node->operand[0]];
    return (struct work){extent_of_all(&node->shape), elements_where(g->dtype == F32, g)};
}

static struct work line_work(const struct graph *graph, const struct node *node)
{
    (void)graph;
    return (struct work){extent_of_all(&node->shape), elements_where(node->dtype == F32, node)};
}

/* Of each call: what it reads and what it leaves. */
static struct work custom_work(const struct graph *graph, const struct node *node)
{
    struct extent calls = extent_of(&node->shape, 0);
    int64_t elements = node->shape.dim[1];
    for (int i = 0; i < node->count; i++)
        elements += graph->node[node->operand[i]]->shape.dim[1];
    struct extent all = times(calls, elements);
    return (struct work){times(all, 4), all};
}

struct work node_work(const struct graph *graph, const struct node *node)
{
    const struct op_def *def = op_def(node->op);
    return def->work ? def->work(graph, node) : class_def(def->class)->work(graph, node);
}

const char *node_title(const struct node *node)
{
    return node->op == OP_CUSTOM ? node->attr.function : op_def(node->op)->stem;
}

void column_axes(const struct node *node, int *first, int *last)
{
    unsigned over = node->attr.over ? (unsigned)node->attr.over : 2;
    for (*first = 0; !(over >> *first & 1); ++*first)
        ;
    for (*last = *first; over >> *last & 1; ++*last)
        ;
}

/* ---- windows ---- */

int window_axes(const struct shape *shape, const struct attr *attr, int *first)
{
    int last;
    for (*first = 0; *first < shape->rank && attr->step[*first] == 0; ++*first)
        ;
    for (last = *first; last < shape->rank && attr->step[last] != 0; last++)
        ;
    int axes = (last - *first) / 2;
    bool good = last == *first + 2 * axes;
    for (int i = 0; good && i < shape->rank; i++) {
        bool outer = i >= *first && i < *first + axes;
        good = outer ? attr->step[i] >= 1
                     : attr->start[i] == 0 && (i < last || attr->step[i] == 0);
    }
    return good ? axes : 0;
}

struct window_axis window_axis(const struct attr *attr, int first, int axes, int i)
{
    return (struct window_axis){attr->step[first + i], attr->step[first + axes + i],
                                -attr->start[first + i]};
}

void window_set(struct arena *arena, struct attr *attr, int first, int axes,
                const struct window_axis *window)
{
    int64_t *step = ARENA_ARRAY(arena, int64_t, RANK_MAX);
    int64_t *start = ARENA_ARRAY(arena, int64_t, RANK_MAX);
    for (int i = 0; i < axes; i++) {
        step[first + i] = window[i].stride;
        step[first + axes + i] = window[i].dilation;
        start[first + i] = -window[i].before;
    }
    attr->step = step;
    attr->start = start;
}

/* ---- tables ---- */

const struct class_def class_table[CLASS_COUNT] = {
#define NEST(name, stem, traits, work, title) {#stem, title, traits, true, work},
#define REST(name, stem, traits, work, title) {#stem, title, traits, false, work},
#include "graph/classes.def"
};

enum op_class class_of_nest(enum op_class class)
{
    return class_def(class)->nest ? class : CLASS_MAP;
}

bool op_is_cheap(enum op op)
{
    switch (op) {
    case OP_NEG: case OP_ABS: case OP_SQUARE: case OP_NOT: case OP_ADD: case OP_SUB: case OP_MUL:
    case OP_MIN: case OP_MAX: case OP_EQ: case OP_NE: case OP_LT: case OP_LE: case OP_GT:
    case OP_GE: case OP_SELECT:
        return true;
    default:
        return false;
    }
}

int op_find(const char *stem)
{
    for (int i = 0; i < OP_COUNT; i++)
        if (strcmp(op_table[i]->stem, stem) == 0)
            return i;
    return -1;
}
