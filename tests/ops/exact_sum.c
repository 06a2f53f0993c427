#include "harness.h"

#include <math.h>

static long double sum_of(const double *digit, int64_t stride)
{
    long double sum = 0;
    for (int i = 13; i >= 0; i--)
        sum += ldexpl((long double)digit[i * stride], 24 * i - 149);
    return sum;
}

static void eval(struct oracle *o, const struct node *n)
{
    int64_t count = oracle_elements(o, &n->shape);
    for (int64_t k = 0; k < count; k++)
        o->value[n->id][k] = (double)sum_of(oracle_operand(o, n, 0) + k, count);
}

static int build(struct graph *graph, const int *x)
{
    return graph_add(graph, OP_EXACT_SUM, 1, (int[]){graph_sum_exact(graph, x[0], 1)}, NULL);
}

static const struct op_case cases[] = {
    {"three", {{F32, SHAPE(6, 3), .low = -2, .high = 2, .fixed = true}}, 1, build},
    {"one", {{F32, SHAPE(50), .low = 1, .high = 3, .fixed = true}}, 1, build},
    {"rows", {{F32, SHAPE(1, 2, 2), .batch = 1, .low = -2, .high = 2, .fixed = true}}, 1, build},
};

const struct op_test test_exact_sum = {.eval = eval, .ulp = 0.5, CASES(cases)};
