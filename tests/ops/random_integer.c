#include "harness.h"

#include <math.h>

static void eval(struct oracle *o, const struct node *n)
{
    for (int64_t i = 0; i < oracle_elements(o, &n->shape); i++) {
        struct draw d = oracle_draw(o, n, i);
        o->value[n->id][i] = floor(oracle_word(o, n, d) * 10.0 * 0x1p-32);
    }
}

static int draw(struct graph *graph, int x, enum random_domain domain, const char *path,
                int sample)
{
    struct attr attr = {.domain = domain, .path = path, .whole = 10};
    struct shape shape = graph_node(graph, x)->shape;
    int count = domain == DOMAIN_SAMPLE;
    int r = graph_add_shaped(graph, OP_RANDOM_INTEGER, count, &sample, &attr, I32, &shape);
    return graph_binary(graph, OP_ADD, x, graph_to(graph, F32, r));
}

static int build_step(struct graph *graph, const int *x)
{
    return draw(graph, x[0], DOMAIN_STEP, "random_integer/step", -1);
}

static int build_init(struct graph *graph, const int *x)
{
    return draw(graph, x[0], DOMAIN_INIT, "random_integer/init", -1);
}

static int build_sample(struct graph *graph, const int *x)
{
    return draw(graph, x[0], DOMAIN_SAMPLE, "random_integer/sample", x[1]);
}

static const struct op_case cases[] = {
    {"step", {{F32, SHAPE(1, 7), .batch = 1, .low = -2, .high = 2}}, 1, build_step},
    {"init", {{F32, SHAPE(3, 5), .low = -2, .high = 2}}, 1, build_init},
    {"one", {{F32, .low = -2, .high = 2}}, 1, build_init},
    {"sample",
     {{F32, SHAPE(1, 7), .batch = 1, .low = -2, .high = 2},
      {I32, SHAPE(1), .batch = 1, .low = 0, .high = 99999}},
     2,
     build_sample},
};

const struct op_test test_random_integer = {
    .eval = eval, .ulp = 0, .leaf = true, CASES(cases)};
