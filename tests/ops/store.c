/* The harness stores each result; here it is the result of another store as well. */
#include "harness.h"

#include <string.h>

static void eval(struct oracle *o, const struct node *n)
{
    eval_copy(o, n);
    memcpy(o->variable[n->attr.variable], o->value[n->id],
           sizeof(double) * (size_t)oracle_elements(o, &n->shape));
}

static int build(struct graph *graph, const int *x)
{
    return graph_unary(graph, OP_SQUARE, x[0]);
}

static const struct op_case cases[] = {
    {"rows", {{F32, SHAPE(1, 3), .batch = 1, .low = -2, .high = 2}}, 1, build},
    {"constant", {{F32, SHAPE(2, 3), .low = -2, .high = 2}}, 1, build},
};

const struct op_test test_store = {.eval = eval, .leaf = true, CASES(cases)};
