/* Evaluation: every wanted node into memory of its own, in order; then the stores. */
#include <stdlib.h>
#include <string.h>
#include "reference.h"

int64_t shape_count(const struct shape *shape, int64_t rows)
{
    int64_t count = 1;
    for (int i = 0; i < shape->rank; i++)
        count *= shape->dim[i] * (i == shape->rows ? rows : 1);
    return count;
}

static struct tensor new_tensor(const struct node *n, int64_t rows)
{
    struct tensor t = {.type = n->type, .rank = n->shape.rank};
    for (int i = 0; i < t.rank; i++)
        t.dim[i] = n->shape.dim[i] * (i == n->shape.rows ? rows : 1);
    t.count = shape_count(&n->shape, rows);
    t.bytes = allocate(t.count, (size_t)type_bytes(t.type));
    return t;
}

/* A graph in evaluation. */
struct run {
    const struct graph *graph;
    const struct moment *at;
    struct tensor *value;               /* by node */
    bool *done;
    int64_t *turn;                      /* by loop: the place of the turn at hand */
};

static bool is_of(const struct run *run, int id, const char *stem, int loop)
{
    const struct node *n = &run->graph->node[id];
    return n->wanted && n->loop == loop && strcmp(n->stem, stem) == 0;
}

static bool is_outside(const struct run *run, int id, int loop)
{
    int at = run->graph->node[id].at;
    while (at >= 0 && at != loop)
        at = run->graph->loop[at].outer;
    return at != loop;
}

static void compute(struct run *run, int id)
{
    const struct node *n = &run->graph->node[id];
    const struct tensor **x = allocate(n->count, sizeof(void *));
    for (int i = 0; i < n->count; i++)
        x[i] = &run->value[n->operand[i]];
    if (!run->value[id].bytes)
        run->value[id] = new_tensor(n, run->at->rows);
    else if (strcmp(n->stem, "stack") != 0)
        memset(run->value[id].bytes, 0,
               (size_t)(run->value[id].count * type_bytes(run->value[id].type)));
    bool turns = strcmp(n->stem, "stack") == 0 || strcmp(n->stem, "turn") == 0;
    struct call call = {n, x, &run->value[id], run->at, turns ? run->turn[n->loop] : 0};
    n->compute(&call);
    free(x);
}

static void run_loop(struct run *, int loop);

/* Computes the node after what it reads. */
static void demand(struct run *run, int id)
{
    const struct node *n = &run->graph->node[id];
    bool stack = strcmp(n->stem, "stack") == 0;
    if (run->done[id])
        return;
    if (stack || strcmp(n->stem, "last") == 0)
        run_loop(run, (int)n->loop);
    for (int i = 0; !stack && i < n->count; i++)
        demand(run, n->operand[i]);
    if (!stack)
        compute(run, id);
    run->done[id] = true;
}

/* Computes what the turn stacks and keeps; then all carries change at once. */
static void run_turn(struct run *run, int loop)
{
    const struct graph *graph = run->graph;
    for (int id = 0; id < graph->count; id++)
        if (!is_outside(run, id, loop) && !is_of(run, id, "carry", loop))
            run->done[id] = false;
    for (int id = 0; id < graph->count; id++)
        if (is_of(run, id, "keep", loop)) {
            demand(run, id);
        } else if (is_of(run, id, "stack", loop)) {
            demand(run, graph->node[id].operand[0]);
            compute(run, id);
        }
    for (int id = 0; id < graph->count; id++)
        if (is_of(run, id, "keep", loop)) {
            const struct tensor *y = &run->value[graph->node[id].operand[1]];
            memcpy(y->bytes, run->value[id].bytes, (size_t)(y->count * type_bytes(y->type)));
        }
}

static void run_loop(struct run *run, int loop)
{
    const struct loop *l = &run->graph->loop[loop];
    for (int id = 0; id < run->graph->count; id++)
        if (is_of(run, id, "carry", loop)) {
            run->done[id] = false;
            demand(run, id);
        }
    for (int64_t k = 0; k < l->turns; k++) {
        run->turn[loop] = l->reverse ? l->turns - 1 - k : k;
        run_turn(run, loop);
    }
    for (int id = 0; id < run->graph->count; id++)
        if (is_of(run, id, "stack", loop))
            run->done[id] = true;
}

/* Stores into the variables first[0 .. firsts-1], or into all others. */
static void store(const struct graph *graph, const struct moment *at, const struct tensor *value,
                  const int *first, int firsts, bool others)
{
    for (int id = 0; id < graph->count; id++) {
        const struct node *n = &graph->node[id];
        bool listed = false;
        for (int i = 0; i < firsts; i++)
            listed = listed || first[i] == n->variable;
        if (strcmp(n->stem, "store") == 0 && listed != others)
            memcpy(at->program->variable[n->variable].data, value[id].bytes,
                   (size_t)(value[id].count * type_bytes(value[id].type)));
    }
}

bool graph_run(const struct graph *graph, const struct moment *at, const int *first, int firsts,
               bool (*look)(const struct moment *))
{
    if (!graph)
        return true;
    struct tensor *value = allocate(graph->count, sizeof *value);
    bool *done = allocate(graph->count, sizeof *done);
    int64_t *turn = allocate(graph->loop_count, sizeof *turn);
    struct run run = {graph, at, value, done, turn};
    for (int id = 0; id < graph->count; id++)
        if (graph->node[id].wanted && graph->node[id].at < 0)
            demand(&run, id);
    store(graph, at, value, first, firsts, false);
    bool good = !look || look(at);
    if (good)
        store(graph, at, value, first, firsts, true);
    for (int id = 0; id < graph->count; id++)
        free(value[id].bytes);
    free(value);
    free(done);
    free(turn);
    return good;
}
