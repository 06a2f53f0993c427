#include "harness.h"

#include <math.h>

static void add_up(struct oracle *o, const struct node *n, double *out, bool absolute)
{
    const struct shape *g = oracle_shape(o, n, 0), *index = oracle_shape(o, n, 1);
    int64_t size = oracle_extent(o, &n->shape, 1);
    for (int64_t i = 0; i < oracle_elements(o, &n->shape); i++)
        out[i] = 0.0;
    for (struct walk w = walk_start(o, g); walk_more(&w); walk_next(&w)) {
        double x = oracle_operand(o, n, 0)[w.element];
        double where = oracle_operand(o, n, 1)[oracle_at(o, index, 2, w.index)];
        int64_t at[3] = {w.index[0], 0, w.index[2]};
        at[1] = where < 0.0 ? 0 : where >= (double)size ? size - 1 : (int64_t)where;
        out[oracle_at(o, &n->shape, 3, at)] += absolute ? fabs(x) : x;
    }
}

static void eval(struct oracle *o, const struct node *n)
{
    add_up(o, n, o->value[n->id], false);
}

static void magnitude(struct oracle *o, const struct node *n, double *out)
{
    add_up(o, n, out, true);
}

static int64_t chain(const struct oracle *o, const struct node *n)
{
    return oracle_extent(o, oracle_shape(o, n, 0), 1);
}

static int build(struct graph *graph, const int *x)
{
    return graph_segment(graph, OP_SCATTER_ADD, x[0], x[1], 5);
}

static const struct op_case cases[] = {
    {"per_row",
     {{F32, SHAPE(1, 4, 3), .batch = 1, .low = -2, .high = 2},
      {I32, SHAPE(1, 4), .batch = 1, .low = 0, .high = 4}},
     2,
     build},
    {"table",
     {{F32, SHAPE(1, 4, 3), .batch = 2, .low = -2, .high = 2},
      {I32, SHAPE(1, 4), .batch = 2, .low = 0, .high = 4}},
     2,
     build},
    {"outside",
     {{F32, SHAPE(2, 7, 1), .low = -2, .high = 2}, {I32, SHAPE(2, 7), .low = -9, .high = 9}},
     2,
     build},
    {"one_row",
     {{F32, SHAPE(2, 1, 3), .low = -2, .high = 2}, {I32, SHAPE(2, 1), .low = 0, .high = 4}},
     2,
     build},
};

const struct op_test test_scatter_add = {
    .eval = eval, .ulp = 0.5, .magnitude = magnitude, .chain = chain, CASES(cases)};
