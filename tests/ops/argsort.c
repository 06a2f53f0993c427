#include "harness.h"

#include <math.h>

static bool before(double a, int64_t i, double b, int64_t k, bool reverse)
{
    if (isnan(a) || isnan(b))
        return isnan(a) == isnan(b) ? i < k : isnan(b);
    return a == b ? i < k : reverse ? a > b : a < b;
}

/* The place of an element is the number of those before it. */
static void eval(struct oracle *o, const struct node *n)
{
    const double *x = oracle_operand(o, n, 0);
    for (struct walk w = walk_start(o, &n->shape); walk_more(&w); walk_next(&w)) {
        int64_t at[3] = {w.index[0], 0, w.index[2]}, place = 0;
        for (at[1] = 0; at[1] < w.dim[1]; at[1]++)
            place += before(x[oracle_at(o, &n->shape, 3, at)], at[1], x[w.element], w.index[1],
                            n->attr.reverse);
        at[1] = place;
        o->value[n->id][oracle_at(o, &n->shape, 3, at)] = (double)w.index[1];
    }
}

static int build_descending(struct graph *graph, const int *x)
{
    return graph_line(graph, OP_ARGSORT, 1, x, 1, true);
}

static const struct op_case cases[] = {
    {"middle", {{F32, SHAPE(2, 5, 3), .low = -2, .high = 2}}, 1, NULL},
    {"per_row", {{F32, SHAPE(1, 5, 3), .batch = 1, .low = -2, .high = 2}}, 1, NULL},
    {"descending", {{F32, SHAPE(1, 4, 2), .batch = 1, .low = -2, .high = 2}}, 1,
     build_descending},
    {"special", {{F32, SHAPE(1, 23, 3), .batch = 1, .special = true}}, 1, NULL},
    {"special_descending", {{F32, SHAPE(1, 23, 3), .batch = 1, .special = true}}, 1,
     build_descending},
    {"one", {{F32, SHAPE(2, 1, 3), .low = -2, .high = 2}}, 1, NULL},
    {"long", {{F32, SHAPE(1, 300, 1), .low = -2, .high = 2}}, 1, NULL},
};

const struct op_test test_argsort = {.eval = eval, CASES(cases)};
