#include "harness.h"

static void eval(struct oracle *o, const struct node *n)
{
    int64_t value[] = {[VALUE_STEP] = o->step, [VALUE_STEPS] = o->steps, [VALUE_EPOCH] = o->epoch,
                       [VALUE_ROWS] = o->rows};
    o->value[n->id][0] = (double)value[n->attr.step_value];
}

static int add(struct graph *graph, const int *x, enum step_value which)
{
    struct attr attr = {.step_value = which};
    return graph_binary(graph, OP_ADD, x[0], graph_add(graph, OP_STEP_VALUE, 0, NULL, &attr));
}

static int build_step(struct graph *graph, const int *x)
{
    return add(graph, x, VALUE_STEP);
}

static int build_steps(struct graph *graph, const int *x)
{
    return add(graph, x, VALUE_STEPS);
}

static int build_epoch(struct graph *graph, const int *x)
{
    return add(graph, x, VALUE_EPOCH);
}

static int build_rows(struct graph *graph, const int *x)
{
    return add(graph, x, VALUE_ROWS);
}

static const struct op_case cases[] = {
    {"step", {{I32, SHAPE(3), .low = -9, .high = 9}}, 1, build_step},
    {"steps", {{I32, SHAPE(3), .low = -9, .high = 9}}, 1, build_steps},
    {"epoch", {{I32, SHAPE(1, 2), .batch = 1, .low = -9, .high = 9}}, 1, build_epoch},
    {"count", {{I32, .low = -9, .high = 9}}, 1, build_rows},
};

const struct op_test test_step_value = {.eval = eval, CASES(cases)};
