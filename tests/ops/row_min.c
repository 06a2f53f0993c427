#include "harness.h"

static void eval(struct oracle *o, const struct node *n)
{
    struct row_form f = oracle_rows(o, n);
    for (int64_t i = 0; i < f.rows * f.size; i++) {
        double *to = &o->value[n->id][i / f.size];
        if (i % f.size == 0 || f.x[i] < *to)
            *to = f.x[i];
    }
}

static int build_all(struct graph *graph, const int *x)
{
    return graph_min(graph, x[0], 7);
}

static int build_first(struct graph *graph, const int *x)
{
    return graph_min(graph, x[0], 1);
}

static int build_both_ends(struct graph *graph, const int *x)
{
    return graph_min(graph, x[0], 5);
}

static const struct op_case cases[] = {
    {"rows", {{F32, SHAPE(1, 5), .batch = 1, .low = -2, .high = 2}}, 1, NULL},
    {"vector", {{F32, SHAPE(7), .low = -2, .high = 2}}, 1, NULL},
    {"one", {{F32, SHAPE(3, 1), .low = -2, .high = 2}}, 1, NULL},
    {"lanes", {{F32, SHAPE(2, 67), .low = -2, .high = 2}}, 1, NULL},
    {"all", {{F32, SHAPE(1, 3, 5), .batch = 1, .low = -2, .high = 2}}, 1, build_all},
    {"first", {{F32, SHAPE(1, 3), .batch = 1, .low = -2, .high = 2}}, 1, build_first},
    {"both_ends", {{F32, SHAPE(1, 3, 5), .batch = 1, .low = -2, .high = 2}}, 1, build_both_ends},
    {"tie", {{F32, SHAPE(1, 4), .low = -2, .high = 2}}, 1, NULL},
};

/* The lowest index of a tie takes it all. */
static const struct op_known known[] = {
    {"tie", {{3.0, 2.0, 2.0, 4.0}}, {{0.0, 1.0, 0.0, 0.0}}},
    {"tie", {{5.0, 5.0, 5.0, 5.0}}, {{1.0, 0.0, 0.0, 0.0}}},
};

const struct op_test test_row_min = {.eval = eval, CASES(cases), KNOWN(known)};
