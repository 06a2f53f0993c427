#include "harness.h"

#include <math.h>

/* Draw r of nine adds r * 2^56 to the moment; the last is clipped. */
static double truncated(const struct oracle *o, const struct node *n, struct draw d, double *radius)
{
    double z = oracle_normal(o, n, d);
    for (int r = 1; r < 9 && fabs(z) > 2.0; r++) {
        d.moment += (uint64_t)1 << 56;
        z = oracle_normal(o, n, d);
    }
    if (radius)
        *radius = oracle_radius(o, n, d);
    return fabs(z) > 2.0 ? copysign(2.0, z) : z;
}

static void magnitude(struct oracle *o, const struct node *n, double *out)
{
    for (int64_t i = 0; i < oracle_elements(o, &n->shape); i++)
        truncated(o, n, oracle_draw(o, n, i), &out[i]);
}

static void eval(struct oracle *o, const struct node *n)
{
    for (int64_t i = 0; i < oracle_elements(o, &n->shape); i++) {
        struct draw d = oracle_draw(o, n, i);
        o->value[n->id][i] = truncated(o, n, d, NULL);
    }
}

static int draw(struct graph *graph, int x, enum random_domain domain, const char *path,
                int sample)
{
    struct attr attr = {.domain = domain, .path = path};
    struct shape shape = graph_node(graph, x)->shape;
    int count = domain == DOMAIN_SAMPLE;
    int r = graph_add_shaped(graph, OP_RANDOM_TRUNCATED_NORMAL, count, &sample, &attr, F32, &shape);
    return graph_binary(graph, OP_ADD, x, r);
}

static int build_step(struct graph *graph, const int *x)
{
    return draw(graph, x[0], DOMAIN_STEP, "random_truncated_normal/step", -1);
}

static int build_init(struct graph *graph, const int *x)
{
    return draw(graph, x[0], DOMAIN_INIT, "random_truncated_normal/init", -1);
}

static int build_sample(struct graph *graph, const int *x)
{
    return draw(graph, x[0], DOMAIN_SAMPLE, "random_truncated_normal/sample", x[1]);
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

const struct op_test test_random_truncated_normal = {
    .eval = eval, .ulp = 5, .leaf = true, .magnitude = magnitude, CASES(cases)};
