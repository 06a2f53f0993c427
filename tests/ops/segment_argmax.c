#include "harness.h"

#include <math.h>

static void eval(struct oracle *o, const struct node *n)
{
    const struct shape *x = oracle_shape(o, n, 0), *index = oracle_shape(o, n, 1);
    double *out = o->value[n->id];
    int64_t size = n->shape.dim[1];
    for (int64_t i = 0; i < oracle_elements(o, &n->shape); i++)
        out[i] = -1.0;
    for (struct walk w = walk_start(o, x); walk_more(&w); walk_next(&w)) {
        double value = oracle_operand(o, n, 0)[w.element];
        double where = oracle_operand(o, n, 1)[oracle_at(o, index, 2, w.index)];
        int64_t at[3] = {w.index[0], 0, w.index[2]}, best[3] = {w.index[0], 0, w.index[2]};
        at[1] = where < 0.0 ? 0 : where >= (double)size ? size - 1 : (int64_t)where;
        double *to = &out[oracle_at(o, &n->shape, 3, at)];
        best[1] = (int64_t)*to;
        double old = *to < 0.0 ? -INFINITY : oracle_operand(o, n, 0)[oracle_at(o, x, 3, best)];
        if (*to < 0.0 || value > old || (isnan(value) && !isnan(old)))
            *to = (double)w.index[1];
    }
}

static int build(struct graph *graph, const int *x)
{
    return graph_segment(graph, OP_SEGMENT_ARGMAX, x[0], x[1], 5);
}

static const struct op_case cases[] = {
    {"per_row",
     {{F32, SHAPE(1, 4, 3), .batch = 1, .low = -2, .high = 2},
      {I32, SHAPE(1, 4), .batch = 1, .low = 0, .high = 4}},
     2,
     build},
    {"shared",
     {{F32, SHAPE(1, 4, 3), .batch = 2, .low = -2, .high = 2},
      {I32, SHAPE(1, 4), .batch = 2, .low = 0, .high = 4}},
     2,
     build},
    {"special",
     {{F32, SHAPE(2, 40, 3), .special = true}, {I32, SHAPE(2, 40), .low = -9, .high = 9}},
     2,
     build},
};

const struct op_test test_segment_argmax = {.eval = eval, CASES(cases)};
