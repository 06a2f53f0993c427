#include "harness.h"

#include <math.h>

static long double sum_of(const double *digit, int64_t stride, int digits, int unit)
{
    long double sum = 0;
    for (int i = digits - 1; i >= 0; i--)
        sum += ldexpl((long double)digit[i * stride], 24 * i - unit);
    return sum;
}

static void eval(struct oracle *o, const struct node *n)
{
    int64_t stride = oracle_elements(o, &n->shape);
    int f = n->count;
    long double cases = (long double)n->attr.whole;
    cases *= f == 1 ? (long double)o->rows : sum_of(oracle_operand(o, n, 1), 1, 14, 149);
    for (int64_t k = 0; k < stride; k++) {
        const double *word = oracle_operand(o, n, 0) + k;
        long double sum = sum_of(word, stride, 14 * f, 149 * f);
        long double squares =
            sum_of(word + (14 * f + 2) * stride, stride, 14 * f + 14, 149 * f + 149);
        o->value[n->id][k] = cases > 0 ? (double)(squares - sum * sum / cases) : 0.0;
    }
}

/* Numbers with few bits, so that the sums of the oracle are exact. */
static int build(struct graph *graph, const int *x)
{
    struct attr attr = {.whole = graph_node(graph, x[0])->shape.dim[1]};
    int operand[] = {graph_spread_exact(graph, graph_to(graph, F32, x[0]), -1, 2)};
    return graph_add(graph, OP_EXACT_SPREAD, 1, operand, &attr);
}

static int build_weighted(struct graph *graph, const int *x)
{
    struct attr attr = {.whole = graph_node(graph, x[0])->shape.dim[1]};
    int w = graph_to(graph, F32, x[1]);
    int operand[] = {graph_spread_exact(graph, graph_to(graph, F32, x[0]), w, 2),
                     graph_sum_exact(graph, w, 3)};
    return graph_add(graph, OP_EXACT_SPREAD, 2, operand, &attr);
}

static const struct op_case cases[] = {
    {"one", {{I32, SHAPE(1, 5), .batch = 1, .low = -9, .high = 9}}, 1, build},
    {"two", {{I32, SHAPE(1, 7, 2), .batch = 1, .low = 1000, .high = 1020}}, 1, build},
    {"weighted",
     {{I32, SHAPE(1, 5, 3), .batch = 1, .low = -9, .high = 9},
      {I32, SHAPE(1, 1, 1), .batch = 1, .low = 0, .high = 3}},
     2, build_weighted},
};

const struct op_test test_exact_spread = {.eval = eval, .ulp = 0.5, CASES(cases)};
