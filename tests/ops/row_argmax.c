#include "harness.h"

static void eval(struct oracle *o, const struct node *n)
{
    struct row_form f = oracle_rows(o, n);
    for (int64_t row = 0; row < f.rows; row++) {
        const double *x = f.x + row * f.size;
        int64_t best = 0;
        for (int64_t i = 1; i < f.size; i++)
            best = x[i] > x[best] ? i : best;
        o->value[n->id][row] = (double)best;
    }
}

static int build_all(struct graph *graph, const int *x)
{
    return graph_argmax(graph, x[0], 7);
}

static int build_both_ends(struct graph *graph, const int *x)
{
    return graph_argmax(graph, x[0], 5);
}

/* A sign has many ties. */
static int build_ties(struct graph *graph, const int *x)
{
    return graph_unary(graph, OP_ROW_ARGMAX, graph_unary(graph, OP_SIGN, x[0]));
}

static const struct op_case cases[] = {
    {"rows", {{F32, SHAPE(1, 5), .batch = 1, .low = -2, .high = 2}}, 1, NULL},
    {"one", {{F32, SHAPE(3, 1), .low = -2, .high = 2}}, 1, NULL},
    {"lanes", {{F32, SHAPE(2, 67), .low = -2, .high = 2}}, 1, NULL},
    {"all", {{F32, SHAPE(1, 3, 5), .batch = 1, .low = -2, .high = 2}}, 1, build_all},
    {"both_ends", {{F32, SHAPE(1, 3, 5), .batch = 1, .low = -2, .high = 2}}, 1, build_both_ends},
    {"ties", {{F32, SHAPE(5, 6), .low = -2, .high = 2}}, 1, build_ties},
};

const struct op_test test_row_argmax = {.eval = eval, CASES(cases)};
