#include "harness.h"

static void eval(struct oracle *o, const struct node *n)
{
    for (int64_t i = 0; i < oracle_elements(o, &n->shape); i++)
        o->value[n->id][i] = o->variable[n->attr.variable][i];
}

static int build(struct graph *graph, const int *x)
{
    (void)graph;
    return x[0];
}

static const struct op_case cases[] = {
    {"float", {{F32, SHAPE(1, 3), .batch = 1, .low = -2, .high = 2}}, 1, build},
    {"whole", {{I32, SHAPE(5), .low = -9, .high = 9}}, 1, build},
    {"long", {{I64, SHAPE(5), .low = -9, .high = 9}}, 1, build},
    {"bool", {{BOOL, SHAPE(5)}}, 1, build},
};

const struct op_test test_read = {.eval = eval, .leaf = true, CASES(cases)};
