#include "harness.h"

#include <math.h>

static void eval(struct oracle *o, const struct node *n)
{
    double *p = o->value[n->id];
    int64_t size = n->shape.dim[0];
    for (int64_t i = 0; i < size; i++)
        p[i] = (double)i;
    for (int64_t i = size - 1; i > 0; i--) {
        double word = oracle_word(o, n, oracle_draw(o, n, i));
        int64_t j = (int64_t)floor(word * (double)(i + 1) * 0x1p-32);
        double held = p[i];
        p[i] = p[j];
        p[j] = held;
    }
}

static int permute(struct graph *graph, int x, enum random_domain domain, const char *path)
{
    struct attr attr = {.domain = domain, .path = path};
    struct shape shape = graph_node(graph, x)->shape;
    int p = graph_add_shaped(graph, OP_RANDOM_PERMUTATION, 0, NULL, &attr, I32, &shape);
    return graph_binary(graph, OP_ADD, x, graph_to(graph, F32, p));
}

static int build_init(struct graph *graph, const int *x)
{
    return permute(graph, x[0], DOMAIN_INIT, "permutation/init");
}

static int build_step(struct graph *graph, const int *x)
{
    return permute(graph, x[0], DOMAIN_STEP, "permutation/step");
}

static const struct op_case cases[] = {
    {"init", {{F32, SHAPE(13), .low = -2, .high = 2}}, 1, build_init},
    {"step", {{F32, SHAPE(6), .low = -2, .high = 2}}, 1, build_step},
    {"one", {{F32, SHAPE(1), .low = -2, .high = 2}}, 1, build_step},
};

const struct op_test test_random_permutation = {
    .eval = eval, .leaf = true, CASES(cases)};
