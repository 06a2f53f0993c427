#include "harness.h"

#include <math.h>

static void eval(struct oracle *o, const struct node *n)
{
    struct row_form f = oracle_rows(o, n);
    for (int64_t i = 0; i < f.rows * f.size; i++) {
        double *to = &o->value[n->id][i / f.size];
        *to = (i % f.size == 0 ? 0.0 : *to) + f.x[i];
    }
}

static void magnitude(struct oracle *o, const struct node *n, double *out)
{
    struct row_form f = oracle_rows(o, n);
    for (int64_t i = 0; i < f.rows * f.size; i++)
        out[i / f.size] = (i % f.size == 0 ? 0.0 : out[i / f.size]) + fabs(f.x[i]);
}

/* 32 lanes over a block of 4096, joined in 5 steps; the blocks form a row again. */
static int64_t chain(const struct oracle *o, const struct node *n)
{
    int64_t size = oracle_rows(o, n).size, steps = 0;
    for (; size > 1; size = (size + 4095) / 4096)
        steps += ((size < 4096 ? size : 4096) + 31) / 32 + 5;
    return steps + 1;
}

static int build_all(struct graph *graph, const int *x)
{
    return graph_sum(graph, x[0], 7);
}

static int build_mean(struct graph *graph, const int *x)
{
    return graph_mean(graph, x[0], 7);
}

static int build_mean_of_rows(struct graph *graph, const int *x)
{
    return graph_mean(graph, x[0], 1);
}

static int build_inner(struct graph *graph, const int *x)
{
    return graph_sum(graph, x[0], 6);
}

static int build_both_ends(struct graph *graph, const int *x)
{
    return graph_sum(graph, x[0], 5);
}

static const struct op_case cases[] = {
    {"rows", {{F32, SHAPE(1, 5), .batch = 1, .low = -2, .high = 2}}, 1, NULL},
    {"vector", {{F32, SHAPE(7), .low = -2, .high = 2}}, 1, NULL},
    {"one", {{F32, SHAPE(3, 1), .low = -2, .high = 2}}, 1, NULL},
    {"lanes", {{F32, SHAPE(2, 67), .low = -2, .high = 2}}, 1, NULL},
    {"over_rows", {{F32, SHAPE(2, 1), .batch = 2, .low = -2, .high = 2}}, 1, NULL},
    {"all", {{F32, SHAPE(1, 3, 5), .batch = 1, .low = -2, .high = 2}}, 1, build_all},
    {"mean", {{F32, SHAPE(1, 3, 5), .batch = 1, .low = -2, .high = 2}}, 1, build_mean},
    {"mean_of_rows", {{F32, SHAPE(1, 3), .batch = 1, .low = -2, .high = 2}}, 1,
     build_mean_of_rows},
    {"inner", {{F32, SHAPE(1, 3, 5), .batch = 1, .low = -2, .high = 2}}, 1, build_inner},
    {"both_ends", {{F32, SHAPE(1, 3, 5), .batch = 1, .low = -2, .high = 2}}, 1, build_both_ends},
    {"blocks", {{F32, SHAPE(4099), .low = -2, .high = 2, .fixed = true}}, 1, NULL},
};

const struct op_test test_row_sum = {
    .eval = eval, .ulp = 0.5, .magnitude = magnitude, .chain = chain, CASES(cases)};
