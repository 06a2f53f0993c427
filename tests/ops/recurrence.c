#include "harness.h"

#include <math.h>

static void run(struct oracle *o, const struct node *n, double *out, bool absolute)
{
    const double *a = oracle_operand(o, n, 0), *b = oracle_operand(o, n, 1);
    for (struct walk w = walk_start(o, &n->shape); walk_more(&w); walk_next(&w)) {
        bool reverse = n->attr.reverse;
        int64_t end = reverse ? -1 : w.dim[1], at[3] = {w.index[0], 0, w.index[2]};
        double h = 0.0;
        if (w.index[1] > 0)
            continue;
        for (at[1] = reverse ? w.dim[1] - 1 : 0; at[1] != end; at[1] += reverse ? -1 : 1) {
            int64_t e = oracle_at(o, &n->shape, 3, at);
            h = absolute ? fabs(a[e]) * h + fabs(b[e]) : a[e] * h + b[e];
            out[e] = h;
        }
    }
}

static void eval(struct oracle *o, const struct node *n)
{
    run(o, n, o->value[n->id], false);
}

static void magnitude(struct oracle *o, const struct node *n, double *out)
{
    run(o, n, out, true);
}

static int64_t chain(const struct oracle *o, const struct node *n)
{
    return oracle_extent(o, &n->shape, 1);
}

static int build_reverse(struct graph *graph, const int *x)
{
    return graph_line(graph, OP_RECURRENCE, 2, x, 1, true);
}

#define ONE(...) {F32, __VA_ARGS__, .low = -2, .high = 2}
#define BOTH(...) {ONE(__VA_ARGS__), ONE(__VA_ARGS__)}, 2

static const struct op_case cases[] = {
    {"middle", BOTH(SHAPE(2, 5, 3)), NULL},
    {"per_row", BOTH(SHAPE(1, 5, 3), .batch = 1), NULL},
    {"reverse", BOTH(SHAPE(1, 4, 2), .batch = 1), build_reverse},
    {"one", BOTH(SHAPE(2, 1, 3)), NULL},
    {"vector", BOTH(SHAPE(1, 7, 1)), NULL},
};

const struct op_test test_recurrence = {
    .eval = eval, .ulp = 0.5, .magnitude = magnitude, .chain = chain, CASES(cases)};
