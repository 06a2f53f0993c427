/* The naive evaluation of graphs in double, through the operators' tests. */
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/philox.h"
#include "graph/loop.h"

static const struct op_test *const table[OP_COUNT] = {
#define X(name, stem, class, operands) &test_##stem,
#include "graph/ops.def"
#undef X
};

const struct op_test *op_test(enum op op)
{
    return table[op];
}

int64_t oracle_extent(const struct oracle *o, const struct shape *shape, int axis)
{
    return shape->dim[axis] * (axis == shape->rows ? o->rows : 1);
}

int64_t oracle_elements(const struct oracle *o, const struct shape *shape)
{
    return shape_elements(shape) * (shape->rows >= 0 ? o->rows : 1);
}

const double *oracle_operand(const struct oracle *o, const struct node *n, int operand)
{
    return o->value[n->operand[operand]];
}

const struct shape *oracle_shape(const struct oracle *o, const struct node *n, int operand)
{
    return &graph_node(o->graph, n->operand[operand])->shape;
}

struct walk walk_start(const struct oracle *o, const struct shape *shape)
{
    struct walk w = {.rank = shape->rank, .count = oracle_elements(o, shape)};
    for (int i = 0; i < shape->rank; i++)
        w.dim[i] = oracle_extent(o, shape, i);
    return w;
}

bool walk_more(const struct walk *w)
{
    return w->element < w->count;
}

void walk_next(struct walk *w)
{
    w->element++;
    for (int i = w->rank - 1; i >= 0; i--) {
        if (++w->index[i] < w->dim[i])
            return;
        w->index[i] = 0;
    }
}

int64_t oracle_at(const struct oracle *o, const struct shape *shape, int rank,
                  const int64_t *index)
{
    int64_t at = 0;
    for (int i = 0; i < shape->rank; i++) {
        int64_t extent = oracle_extent(o, shape, i);
        at = at * extent + (extent == 1 ? 0 : index[rank - shape->rank + i]);
    }
    return at;
}

static void eval_map(struct oracle *o, const struct node *n)
{
    double x[3];
    for (struct walk w = walk_start(o, &n->shape); walk_more(&w); walk_next(&w)) {
        for (int i = 0; i < n->count; i++)
            x[i] = oracle_operand(o, n, i)[oracle_at(o, oracle_shape(o, n, i), w.rank, w.index)];
        o->value[n->id][w.element] = table[n->op]->map(x);
    }
}

static void eval_node(struct oracle *o, const struct node *n)
{
    size_t count = (size_t)oracle_elements(o, &n->shape);
    if (!o->value[n->id])
        o->value[n->id] = calloc(count, sizeof(double));
    if (table[n->op]->map)
        eval_map(o, n);
    else
        table[n->op]->eval(o, n);
}

/* Evaluation of a part of a graph, which may have loops. */
struct part {
    struct oracle *o;
    struct loops loops;
    int last;                           /* node */
    bool *done;                         /* by node */
};

static void run_loop(struct part *, int number);

/* Evaluates the node, and before it what it reads that is not done. */
static void need(struct part *p, int id)
{
    const struct node *n = graph_node(p->o->graph, id);
    if (p->done[id])
        return;
    if (n->op == OP_STACK || n->op == OP_LAST)
        run_loop(p, n->attr.loop);
    for (int i = 0; i < n->count; i++)
        need(p, n->operand[i]);
    p->done[id] = true;
    if (n->op != OP_STACK)
        eval_node(p->o, n);
}

static bool is_of_loop(const struct part *p, int id, enum op op, int number)
{
    const struct node *n = graph_node(p->o->graph, id);
    return n->op == op && n->attr.loop == number;
}

static void run_turn(struct part *p, int number)
{
    struct oracle *o = p->o;
    for (int id = 0; id <= p->last; id++)
        if (loop_within(o->graph, p->loops.at[id], number) && !is_of_loop(p, id, OP_CARRY, number))
            p->done[id] = false;
    for (int id = 0; id <= p->last; id++) {
        const struct node *n = graph_node(o->graph, id);
        if (is_of_loop(p, id, OP_KEEP, number))
            need(p, id);
        if (!is_of_loop(p, id, OP_STACK, number))
            continue;
        need(p, n->operand[0]);
        eval_node(o, n);
        p->done[id] = true;
    }
    for (int id = 0; id <= p->last; id++) {
        const struct node *n = graph_node(o->graph, id);
        if (is_of_loop(p, id, OP_KEEP, number))
            memcpy(o->value[n->operand[1]], o->value[id],
                   sizeof(double) * (size_t)oracle_elements(o, &n->shape));
    }
}

/* All of the loop, from its first turn. */
static void run_loop(struct part *p, int number)
{
    const struct loop *loop = &p->o->graph->loop[number];
    for (int id = 0; id <= p->last; id++)
        if (is_of_loop(p, id, OP_CARRY, number)) {
            p->done[id] = false;
            need(p, id);
        }
    for (int64_t k = 0; k < loop->turns; k++) {
        p->o->turn[number] = loop->reverse ? loop->turns - 1 - k : k;
        run_turn(p, number);
    }
}

void oracle_run(struct oracle *o, int first, int last)
{
    struct arena *arena = arena_new();
    struct part p = {o, loops_of(o->graph, arena), last,
                     ARENA_ARRAY(arena, bool, o->graph->count + 1)};
    for (int id = 0; id < first; id++)
        p.done[id] = o->value[id] != NULL;
    o->turn = ARENA_ARRAY(arena, int64_t, o->graph->loop_count + 1);
    for (int id = first; id <= last; id++)
        if (p.loops.at[id] < 0)
            need(&p, id);
    arena_free(arena);
}

void eval_copy(struct oracle *o, const struct node *n)
{
    for (int64_t i = 0; i < oracle_elements(o, &n->shape); i++)
        o->value[n->id][i] = oracle_operand(o, n, 0)[i];
}

struct row_form oracle_rows(const struct oracle *o, const struct node *n)
{
    const struct shape *s = oracle_shape(o, n, 0);
    int64_t size = oracle_extent(o, s, s->rank - 1);
    return (struct row_form){oracle_elements(o, s) / size, size, oracle_operand(o, n, 0)};
}

/* Per sample the element counts within the sample's own values. */
struct draw oracle_draw(const struct oracle *o, const struct node *n, int64_t element)
{
    if (n->attr.domain != DOMAIN_SAMPLE)
        return (struct draw){element, n->attr.domain == DOMAIN_STEP ? (uint64_t)o->step : 0};
    int64_t size = shape_elements(&n->shape);
    uint64_t sample = (uint64_t)oracle_operand(o, n, 0)[element / size];
    return (struct draw){element % size, sample | (uint64_t)o->epoch << 32};
}

uint32_t oracle_word(const struct oracle *o, const struct node *n, struct draw d)
{
    uint32_t counter[4] = {(uint32_t)(d.element / 4), (uint32_t)d.moment,
                           (uint32_t)(d.moment >> 32), n->attr.stream};
    uint32_t out[4];
    inv_philox(counter, o->key, out);
    return out[d.element % 4];
}

int64_t oracle_chunks(int64_t count)
{
    return (count < 256 ? count : 256) + (count + 255) / 256;
}

/* Elements 2i and 2i + 1 of a stream are cosine and sine of one radius and angle. */
double oracle_radius(const struct oracle *o, const struct node *n, struct draw d)
{
    d.element &= ~(int64_t)1;
    return sqrt(-2.0 * log(((oracle_word(o, n, d) >> 8) + 1.0) * 0x1p-24));
}

double oracle_normal(const struct oracle *o, const struct node *n, struct draw d)
{
    bool sine = d.element % 2 == 1;
    double radius = oracle_radius(o, n, d);
    d.element |= 1;
    double angle = 2.0 * acos(-1.0) * (oracle_word(o, n, d) >> 8) * 0x1p-24;
    return sine ? radius * sin(angle) : radius * cos(angle);
}
