#include "harness.h"

static void eval(struct oracle *o, const struct node *n)
{
    const struct shape *from = oracle_shape(o, n, 0);
    for (int64_t i = 0; i < oracle_elements(o, &n->shape); i++)
        o->value[n->id][i] = 0.0;
    for (struct walk w = walk_start(o, from); walk_more(&w); walk_next(&w))
        o->value[n->id][oracle_at(o, &n->shape, 3, w.index)] += oracle_operand(o, n, 0)[w.element];
}

static int build_all(struct graph *graph, const int *x)
{
    return graph_count_true(graph, x[0], 7);
}

static int build_rows(struct graph *graph, const int *x)
{
    return graph_count_true(graph, x[0], 1);
}

static int build_none(struct graph *graph, const int *x)
{
    return graph_to(graph, I64, x[0]);
}

static const struct op_case cases[] = {
    {"middle", {{BOOL, SHAPE(2, 5, 3)}}, 1, NULL},
    {"whole", {{I32, SHAPE(2, 5, 3), .low = -1e9, .high = 2e9}}, 1, NULL},
    {"all", {{BOOL, SHAPE(1, 3, 5), .batch = 1}}, 1, build_all},
    {"rows", {{I32, SHAPE(1, 4), .batch = 1, .low = 0, .high = 2e9}}, 1, build_rows},
    {"none", {{I32, SHAPE(1, 4), .batch = 1, .low = -2e9, .high = 2e9}}, 1, build_none},
};

const struct op_test test_column_count = {.eval = eval, CASES(cases)};
