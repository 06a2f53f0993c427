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

static void compute(const struct graph *graph, const struct moment *at, struct tensor *value,
                    int id)
{
    const struct node *n = &graph->node[id];
    const struct tensor **x = allocate(n->count, sizeof(void *));
    for (int i = 0; i < n->count; i++)
        x[i] = &value[n->operand[i]];
    value[id] = new_tensor(n, at->rows);
    struct call call = {n, x, &value[id], at};
    n->compute(&call);
    free(x);
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
    for (int id = 0; id < graph->count; id++)
        if (graph->node[id].wanted)
            compute(graph, at, value, id);
    store(graph, at, value, first, firsts, false);
    bool good = !look || look(at);
    if (good)
        store(graph, at, value, first, firsts, true);
    for (int id = 0; id < graph->count; id++)
        free(value[id].bytes);
    free(value);
    return good;
}
