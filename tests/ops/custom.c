#include "harness.h"

#include <string.h>

/* The operator of generated_declare, in double: out[i] = x[(i + turn) mod n] w[i]. */
static void eval(struct oracle *o, const struct node *n)
{
    bool to_x = strcmp(n->attr.function, "pick_gradient_x") == 0, forward = n->count == 3;
    const double *g = forward ? NULL : oracle_operand(o, n, 4);
    int64_t calls = oracle_extent(o, &n->shape, 0), size = n->shape.dim[1];
    for (int64_t e = 0; e < calls * size; e++)
        o->value[n->id][e] = 0.0;
    for (int64_t e = 0; e < calls * size; e++) {
        int64_t at[2] = {e / size, 0}, index[2] = {e / size, e % size}, from[2] = {e / size, 0};
        double turn = oracle_operand(o, n, 2)[oracle_at(o, oracle_shape(o, n, 2), 2, at)];
        from[1] = (((int64_t)turn + e) % size + size) % size;
        double x = oracle_operand(o, n, 0)[oracle_at(o, oracle_shape(o, n, 0), 2, from)];
        double w = oracle_operand(o, n, 1)[oracle_at(o, oracle_shape(o, n, 1), 2, index)];
        double value = forward ? x * w : to_x ? g[e] * w : g[e] * x;
        o->value[n->id][to_x ? e / size * size + from[1] : e] += value;
    }
}

static int build(struct graph *graph, const int *x)
{
    struct attr attr = {.function = "pick", .numbers = "5"};
    struct shape shape = graph_node(graph, x[0])->shape;
    return graph_add_shaped(graph, OP_CUSTOM, 3, x, &attr, F32, &shape);
}

#define REAL .low = -2, .high = 2

static const struct op_case cases[] = {
    {"rows", {{F32, SHAPE(1, 5), .batch = 1, REAL}, {F32, SHAPE(1, 5), .batch = 1, REAL},
              {I32, SHAPE(1, 1), .batch = 1, .low = -9, .high = 9}}, 3, build},
    {"shared", {{F32, SHAPE(2, 5), .batch = 1, REAL}, {F32, SHAPE(1, 5), REAL},
                {I32, SHAPE(1, 1), .low = -9, .high = 9}}, 3, build},
    {"calls", {{F32, SHAPE(3, 5), REAL}, {F32, SHAPE(3, 5), REAL},
               {I32, SHAPE(1, 1), .low = -9, .high = 9}}, 3, build},
    {"one", {{F32, SHAPE(1, 5), REAL}, {F32, SHAPE(1, 5), REAL},
             {I32, SHAPE(1, 1), .low = -9, .high = 9}}, 3, build},
};

const struct op_test test_custom = {.eval = eval, .ulp = 1, CASES(cases)};
