#include "harness.h"

#include <math.h>

static void add_up(struct oracle *o, const struct node *n, double *out, bool absolute)
{
    const struct shape *from = oracle_shape(o, n, 0);
    for (int64_t i = 0; i < oracle_elements(o, &n->shape); i++)
        out[i] = 0.0;
    for (struct walk w = walk_start(o, from); walk_more(&w); walk_next(&w)) {
        double x = oracle_operand(o, n, 0)[w.element];
        out[oracle_at(o, &n->shape, w.rank, w.index)] += absolute ? fabs(x) : x;
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
    int64_t rows = 1;
    int first, last;
    column_axes(n, &first, &last);
    for (int axis = first; axis < last; axis++)
        rows *= oracle_extent(o, oracle_shape(o, n, 0), axis);
    return oracle_chunks(rows);
}

static int build_rows(struct graph *graph, const int *x)
{
    return graph_sum(graph, x[0], 1);
}

static int build_rows_and_middle(struct graph *graph, const int *x)
{
    return graph_sum(graph, x[0], 3);
}

static int build_apart(struct graph *graph, const int *x)
{
    return graph_sum(graph, x[0], 5);
}

static int sum_over(struct graph *graph, int x, int axis, int axes)
{
    struct attr attr = {.over = ((1 << axes) - 1) << axis};
    return graph_add(graph, OP_COLUMN_SUM, 1, &x, &attr);
}

static int build_named(struct graph *graph, const int *x)
{
    return sum_over(graph, x[0], 1, 2);
}

static int build_outer(struct graph *graph, const int *x)
{
    return sum_over(graph, x[0], 0, 2);
}

static int build_last(struct graph *graph, const int *x)
{
    return sum_over(graph, x[0], 3, 1);
}

static const struct op_case cases[] = {
    {"named", {{F32, SHAPE(1, 3, 2, 5), .batch = 1, .low = -2, .high = 2}}, 1, build_named},
    {"outer", {{F32, SHAPE(3, 1, 2, 2), .batch = 2, .low = -2, .high = 2}}, 1, build_outer},
    {"last", {{F32, SHAPE(2, 1, 3, 4), .low = -2, .high = 2}}, 1, build_last},
    {"middle", {{F32, SHAPE(2, 5, 3), .low = -2, .high = 2}}, 1, NULL},
    {"kept_rows", {{F32, SHAPE(1, 5, 3), .batch = 1, .low = -2, .high = 2}}, 1, NULL},
    {"over_rows", {{F32, SHAPE(2, 1, 3), .batch = 2, .low = -2, .high = 2}}, 1, NULL},
    {"one", {{F32, SHAPE(2, 1, 3), .low = -2, .high = 2}}, 1, NULL},
    {"single_column", {{F32, SHAPE(1, 7, 1), .low = -2, .high = 2}}, 1, NULL},
    {"rows", {{F32, SHAPE(1, 4), .batch = 1, .low = -2, .high = 2}}, 1, build_rows},
    {"rows_and_middle", {{F32, SHAPE(1, 3, 5), .batch = 1, .low = -2, .high = 2}}, 1,
     build_rows_and_middle},
    {"apart", {{F32, SHAPE(2, 3, 4, 3), .low = -2, .high = 2}}, 1, build_apart},
    {"chunks", {{F32, SHAPE(1, 600, 3), .low = -2, .high = 2, .fixed = true}}, 1, NULL},
};

const struct op_test test_column_sum = {
    .eval = eval, .ulp = 0.5, .magnitude = magnitude, .chain = chain, CASES(cases)};
