#include "harness.h"

#include <math.h>

static void add_up(struct oracle *o, const struct node *n, double *out, bool absolute)
{
    for (struct walk w = walk_start(o, &n->shape); walk_more(&w); walk_next(&w)) {
        bool reverse = n->attr.reverse;
        int64_t first = reverse ? w.index[1] : 0, last = reverse ? w.dim[1] - 1 : w.index[1];
        int64_t at[3] = {w.index[0], 0, w.index[2]};
        out[w.element] = 0.0;
        for (at[1] = first; at[1] <= last; at[1]++) {
            double x = oracle_operand(o, n, 0)[oracle_at(o, &n->shape, 3, at)];
            out[w.element] += absolute ? fabs(x) : x;
        }
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
    return oracle_chunks(oracle_extent(o, &n->shape, 1));
}

static int build_reverse(struct graph *graph, const int *x)
{
    return graph_line(graph, OP_CUMSUM, 1, x, 1, true);
}

static int build_last(struct graph *graph, const int *x)
{
    return graph_line(graph, OP_CUMSUM, 1, x, 3, false);
}

static const struct op_case cases[] = {
    {"middle", {{F32, SHAPE(2, 5, 3), .low = -2, .high = 2}}, 1, NULL},
    {"per_row", {{F32, SHAPE(1, 5, 3), .batch = 1, .low = -2, .high = 2}}, 1, NULL},
    {"columns_of_rows", {{F32, SHAPE(1, 5, 2), .batch = 3, .low = -2, .high = 2}}, 1, NULL},
    {"reverse", {{F32, SHAPE(1, 4, 2), .batch = 1, .low = -2, .high = 2}}, 1, build_reverse},
    {"last", {{F32, SHAPE(2, 1, 3, 4), .low = -2, .high = 2}}, 1, build_last},
    {"one", {{F32, SHAPE(2, 1, 3), .low = -2, .high = 2}}, 1, NULL},
    {"vector", {{F32, SHAPE(1, 7, 1), .low = -2, .high = 2}}, 1, NULL},
    {"strips", {{F32, SHAPE(1, 3, 67), .low = -2, .high = 2}}, 1, NULL},
    {"chunks", {{F32, SHAPE(1, 600, 3), .low = -2, .high = 2, .fixed = true}}, 1, NULL},
};

const struct op_test test_cumsum = {
    .eval = eval, .ulp = 0.5, .magnitude = magnitude, .chain = chain, CASES(cases)};
