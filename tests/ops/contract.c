#include "harness.h"

#include <math.h>

static int64_t extent_of_axes(const struct oracle *o, const struct shape *s, int first, int last)
{
    int64_t all = 1;
    for (int i = first; i < last; i++)
        all *= oracle_extent(o, s, i);
    return all;
}

static int64_t contracted(const struct oracle *o, const struct node *n)
{
    int first = n->attr.grouped;
    return extent_of_axes(o, oracle_shape(o, n, 1), first, first + n->attr.axes);
}

static int64_t chain(const struct oracle *o, const struct node *n)
{
    return oracle_chunks(contracted(o, n));
}

static void multiply(struct oracle *o, const struct node *n, double *out, bool absolute)
{
    const struct shape *b = oracle_shape(o, n, 1);
    int first = n->attr.grouped;
    int64_t groups = extent_of_axes(o, b, 0, first), k = contracted(o, n);
    int64_t columns = extent_of_axes(o, b, first + n->attr.axes, b->rank);
    for (int64_t e = 0; e < oracle_elements(o, &n->shape); e++) {
        int64_t group = e / columns % groups;
        out[e] = 0.0;
        for (int64_t p = 0; p < k; p++) {
            double x = oracle_operand(o, n, 0)[e / columns * k + p] *
                       oracle_operand(o, n, 1)[(group * k + p) * columns + e % columns];
            out[e] += absolute ? fabs(x) : x;
        }
    }
}

static void eval(struct oracle *o, const struct node *n)
{
    multiply(o, n, o->value[n->id], false);
}

static void magnitude(struct oracle *o, const struct node *n, double *out)
{
    multiply(o, n, out, true);
}

static int contract(struct graph *graph, int a, int b, int axes)
{
    struct attr attr = {.axes = axes};
    return graph_add(graph, OP_CONTRACT, 2, (int[]){a, b}, &attr);
}

static int build_two(struct graph *graph, const int *x)
{
    return contract(graph, x[0], x[1], 2);
}

static int build_turned(struct graph *graph, const int *x)
{
    int a = graph_transpose(graph, x[0], (int[]){1, 0, 3, 2});
    return contract(graph, a, graph_transpose(graph, x[1], (int[]){1, 0, 2}), 2);
}

/* x [b, h, w, c] seen by filters [k, k, c, n]. */
static int convolve(struct graph *graph, const int *x, int64_t size, const int64_t *count,
                    int64_t stride, int64_t dilation, int64_t before)
{
    struct attr attr = {0};
    struct window_axis window = {stride, dilation, before};
    struct shape s = graph_node(graph, x[0])->shape;
    struct shape shape = {.rank = 6, .rows = 0,
                          .dim = {s.dim[0], count[0], count[1], size, size, s.dim[3]}};
    window_set(graph->nodes, &attr, 1, 2, (struct window_axis[]){window, window});
    int seen = graph_add_shaped(graph, OP_WINDOW, 1, x, &attr, F32, &shape);
    return contract(graph, seen, x[1], 3);
}

static int build_convolution(struct graph *graph, const int *x)
{
    return convolve(graph, x, 3, (int64_t[]){3, 2}, 1, 1, 0);
}

static int build_same(struct graph *graph, const int *x)
{
    return convolve(graph, x, 3, (int64_t[]){5, 4}, 1, 1, 1);
}

static int build_strided(struct graph *graph, const int *x)
{
    return convolve(graph, x, 3, (int64_t[]){3, 2}, 2, 1, 1);
}

static int build_dilated(struct graph *graph, const int *x)
{
    return convolve(graph, x, 2, (int64_t[]){2, 2}, 3, 2, 2);
}

static int build_sparse(struct graph *graph, const int *x)
{
    return convolve(graph, x, 2, (int64_t[]){2, 2}, 3, 1, 0);
}

static int build_point(struct graph *graph, const int *x)
{
    return convolve(graph, x, 1, (int64_t[]){5, 4}, 1, 1, 0);
}

/* Bias and maximum belong to its loops. */
static int build_biased(struct graph *graph, const int *x)
{
    int y = graph_binary(graph, OP_ADD, build_same(graph, x), x[2]);
    return graph_binary(graph, OP_MAX, y, graph_const(graph, 0.25f));
}

static int build_placed(struct graph *graph, const int *x)
{
    return graph_binary(graph, OP_ADD, build_same(graph, x), x[2]);
}

static int group_product(struct graph *graph, int a, int b, int axes)
{
    struct attr attr = {.axes = axes, .grouped = true};
    return graph_add(graph, OP_CONTRACT, 2, (int[]){a, b}, &attr);
}

static int build_groups(struct graph *graph, const int *x)
{
    return group_product(graph, x[0], x[1], 1);
}

static int build_groups_turned(struct graph *graph, const int *x)
{
    int b = graph_transpose(graph, x[1], (int[]){2, 1, 0});
    return group_product(graph, graph_transpose(graph, x[0], (int[]){0, 2, 1}), b, 1);
}

/* x [b, h, w, g, c] seen by filters [g, k, k, c, n]. */
static int convolve_groups(struct graph *graph, const int *x, int64_t size, const int64_t *count,
                           int64_t stride, int64_t dilation, int64_t before)
{
    struct attr attr = {0};
    struct window_axis window = {stride, dilation, before};
    struct shape s = graph_node(graph, x[0])->shape;
    struct shape shape = {.rank = 7, .rows = 0,
                          .dim = {s.dim[0], count[0], count[1], size, size, s.dim[3], s.dim[4]}};
    window_set(graph->nodes, &attr, 1, 2, (struct window_axis[]){window, window});
    int seen = graph_add_shaped(graph, OP_WINDOW, 1, x, &attr, F32, &shape);
    seen = graph_transpose(graph, seen, (int[]){0, 1, 2, 5, 3, 4, 6});
    return group_product(graph, seen, x[1], 3);
}

static int build_groups_seen(struct graph *graph, const int *x)
{
    return convolve_groups(graph, x, 3, (int64_t[]){5, 4}, 1, 1, 1);
}

static int build_groups_strided(struct graph *graph, const int *x)
{
    return convolve_groups(graph, x, 3, (int64_t[]){3, 2}, 2, 1, 1);
}

static int build_groups_dilated(struct graph *graph, const int *x)
{
    return convolve_groups(graph, x, 2, (int64_t[]){2, 2}, 3, 2, 2);
}

static int build_groups_biased(struct graph *graph, const int *x)
{
    int y = graph_binary(graph, OP_ADD, build_groups_seen(graph, x), x[2]);
    return graph_binary(graph, OP_MAX, y, graph_const(graph, 0.25f));
}

/* Windows over the groups themselves: their limits depend on the group. */
static int build_groups_of_windows(struct graph *graph, const int *x)
{
    struct attr attr = {0};
    struct shape shape = {.rank = 4, .rows = 0, .dim = {1, 2, 3, 3}};
    window_set(graph->nodes, &attr, 2, 1, (struct window_axis[]){{2, 1, 1}});
    int seen = graph_add_shaped(graph, OP_WINDOW, 1, x, &attr, F32, &shape);
    return group_product(graph, seen, x[1], 1);
}

#define IN(...) {F32, SHAPE(__VA_ARGS__), .low = -2, .high = 2}
#define ROWS(...) {F32, SHAPE(__VA_ARGS__), .low = -2, .high = 2, .batch = 1}

static const struct op_case cases[] = {
    {"two", {ROWS(1, 2, 3), IN(2, 3, 4)}, 2, build_two},
    {"several_columns", {ROWS(1, 3, 2), IN(3, 2, 2, 2)}, 2, build_two},
    {"turned", {IN(2, 3, 2, 2), IN(2, 2, 3)}, 2, build_turned},
    {"over_rows", {{F32, SHAPE(3, 1, 2), .low = -2, .high = 2, .batch = 2},
                   ROWS(1, 2, 4)}, 2, build_two},
    {"convolution", {ROWS(1, 5, 4, 2), IN(3, 3, 2, 3)}, 2, build_convolution},
    {"same", {ROWS(1, 5, 4, 1), IN(3, 3, 1, 2)}, 2, build_same},
    {"strided", {ROWS(1, 5, 4, 2), IN(3, 3, 2, 3)}, 2, build_strided},
    {"dilated", {ROWS(1, 5, 4, 2), IN(2, 2, 2, 1)}, 2, build_dilated},
    {"sparse", {ROWS(1, 5, 5, 1), IN(2, 2, 1, 2)}, 2, build_sparse},
    {"point", {ROWS(1, 5, 4, 3), IN(1, 1, 3, 2)}, 2, build_point},
    {"biased", {ROWS(1, 5, 4, 2), IN(3, 3, 2, 3), IN(3)}, 3, build_biased},
    {"one_column", {ROWS(1, 5, 4, 1), IN(3, 3, 1, 1), IN(1)}, 3, build_biased},
    {"placed", {ROWS(1, 5, 4, 2), IN(3, 3, 2, 3), IN(5, 4, 3)}, 3, build_placed},
    {"groups", {ROWS(1, 2, 3), IN(2, 3, 4)}, 2, build_groups},
    {"groups_turned", {ROWS(1, 3, 2), IN(4, 3, 2)}, 2, build_groups_turned},
    {"groups_of_windows", {ROWS(1, 2, 5), IN(3, 3, 2)}, 2, build_groups_of_windows},
    {"groups_seen", {ROWS(1, 5, 4, 2, 3), IN(2, 3, 3, 3, 2)}, 2, build_groups_seen},
    {"groups_strided", {ROWS(1, 5, 4, 2, 2), IN(2, 3, 3, 2, 3)}, 2, build_groups_strided},
    {"groups_dilated", {ROWS(1, 5, 4, 3, 1), IN(3, 2, 2, 1, 2)}, 2, build_groups_dilated},
    {"depthwise", {ROWS(1, 5, 4, 5, 1), IN(5, 3, 3, 1, 1), IN(5, 1)}, 3, build_groups_biased},
    {"depthwise_strided", {ROWS(1, 5, 4, 20, 1), IN(20, 3, 3, 1, 1)}, 2, build_groups_strided},
    {"depthwise_wide",
     {{F32, SHAPE(1, 5, 4, 300, 1), .low = -2, .high = 2, .batch = 1, .fixed = true},
      {F32, SHAPE(300, 3, 3, 1, 1), .low = -2, .high = 2, .fixed = true}}, 2, build_groups_seen},
    {"group_chunks", {{F32, SHAPE(1, 5, 4, 2, 40), .low = -2, .high = 2, .batch = 1, .fixed = true},
                      {F32, SHAPE(2, 3, 3, 40, 3), .low = -2, .high = 2, .fixed = true}}, 2,
     build_groups_seen},
    {"chunks", {{F32, SHAPE(1, 5, 4, 40), .low = -2, .high = 2, .batch = 1, .fixed = true},
                {F32, SHAPE(3, 3, 40, 3), .low = -2, .high = 2, .fixed = true}}, 2, build_same},
};

const struct op_test test_contract = {
    .eval = eval, .ulp = 0.5, .magnitude = magnitude, .chain = chain, CASES(cases)};
