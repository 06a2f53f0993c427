#include "harness.h"

#include <math.h>

#include "graph/contraction.h"

/* The number of the index's places along `count` axes from `first` on, and of `before`. */
static int64_t number_of(const struct walk *w, int64_t before, int first, int count)
{
    for (int i = first; i < first + count; i++)
        before = before * w->dim[i] + w->index[i];
    return before;
}

/* Every place lays its products over what a window sees there, from the definition: nothing is said
 * of taps that are aligned. */
static void lay(struct oracle *o, const struct node *n, double *out, bool absolute)
{
    const struct node *windows = graph_node(o->graph, n->operand[3]);
    const double *x = oracle_operand(o, n, 1), *w = oracle_operand(o, n, 2);
    int first, axes = window_axes(&windows->shape, &windows->attr, &first), m = first + axes;
    int g = n->attr.grouped, rank = windows->shape.rank;
    for (int64_t e = 0; e < oracle_elements(o, &n->shape); e++)
        out[e] = 0.0;
    for (struct walk at = walk_start(o, &windows->shape); walk_more(&at); walk_next(&at)) {
        int64_t index[RANK_MAX], columns = 1;
        bool inside = true;
        for (int i = 0; i < n->shape.rank; i++) {
            bool windowed = i >= first && i < m;
            index[i] = windowed ? windows->attr.start[i] +
                                      at.index[i] * windows->attr.step[i] +
                                      at.index[i + axes] * windows->attr.step[i + axes]
                                : at.index[i < first ? i : i + axes];
            inside = inside && index[i] >= 0 && index[i] < oracle_extent(o, &n->shape, i);
        }
        for (int i = m + g; i < oracle_shape(o, n, 1)->rank; i++)
            columns *= oracle_shape(o, n, 1)->dim[i];
        int64_t row = number_of(&at, number_of(&at, 0, 0, m), m + axes, g);
        int64_t tap = number_of(&at, number_of(&at, 0, m + axes, g), m, axes);
        tap = number_of(&at, tap, m + axes + g, rank - m - axes - g);
        for (int64_t p = 0; inside && p < columns; p++) {
            double product = x[row * columns + p] * w[tap * columns + p];
            out[oracle_at(o, &n->shape, n->shape.rank, index)] +=
                absolute ? fabs(product) : product;
        }
    }
}

static void eval(struct oracle *o, const struct node *n)
{
    lay(o, n, o->value[n->id], false);
}

static void magnitude(struct oracle *o, const struct node *n, double *out)
{
    lay(o, n, out, true);
}

/* All elements of a filter, which are more than a chain has. */
static int64_t chain(const struct oracle *o, const struct node *n)
{
    return oracle_chunks(oracle_elements(o, oracle_shape(o, n, 2)));
}

/* y [b, extent.., g, m] of x [b, o.., g, c] and w [g, k.., m, c]. */
static int transpose_conv(struct graph *graph, const int *x, int axes, const int64_t *extent,
                          const struct window_axis *window)
{
    struct attr attr = {0};
    struct shape y = graph_node(graph, x[0])->shape, w = graph_node(graph, x[1])->shape;
    int g = w.rank - axes - 2;
    struct shape windows = {.rank = y.rank + axes, .rows = y.rows};
    for (int i = 0; i < axes; i++) {
        windows.dim[1 + i] = y.dim[1 + i];
        windows.dim[1 + axes + i] = w.dim[g + i];
        y.dim[1 + i] = extent[i];
    }
    y.dim[y.rank - 1] = w.dim[w.rank - 2];
    windows.dim[0] = y.dim[0];
    for (int i = 1 + axes; i < y.rank; i++)
        windows.dim[i + axes] = y.dim[i];
    window_set(graph->nodes, &attr, 1, axes, window);
    return contraction_transposed(graph, x[0], x[1], &attr, &windows, &y, g);
}

static int build_line(struct graph *graph, const int *x)
{
    return transpose_conv(graph, x, 1, (int64_t[]){6}, (struct window_axis[]){{1, 1, 0}});
}

static int build_image(struct graph *graph, const int *x)
{
    return transpose_conv(graph, x, 2, (int64_t[]){7, 4},
                          (struct window_axis[]){{2, 1, 0}, {2, 1, 1}});
}

/* Rows that no window sees, between and behind. */
static int build_sparse(struct graph *graph, const int *x)
{
    return transpose_conv(graph, x, 2, (int64_t[]){9, 5},
                          (struct window_axis[]){{3, 1, 0}, {1, 2, 0}});
}

static int build_dilated(struct graph *graph, const int *x)
{
    return transpose_conv(graph, x, 2, (int64_t[]){8, 6},
                          (struct window_axis[]){{3, 2, 1}, {2, 2, 0}});
}

static int build_biased(struct graph *graph, const int *x)
{
    int y = graph_binary(graph, OP_ADD, build_image(graph, x), x[2]);
    return graph_binary(graph, OP_MAX, y, graph_const(graph, 0.25f));
}

static int build_volume(struct graph *graph, const int *x)
{
    return transpose_conv(graph, x, 3, (int64_t[]){3, 4, 3},
                          (struct window_axis[]){{2, 1, 0}, {1, 1, 0}, {1, 1, 0}});
}

#define IN(...) {F32, SHAPE(__VA_ARGS__), .low = -2, .high = 2}
#define ROWS(...) {F32, SHAPE(__VA_ARGS__), .low = -2, .high = 2, .batch = 1}

static const struct op_case cases[] = {
    {"line", {ROWS(1, 4, 2), IN(3, 3, 2)}, 2, build_line},
    {"image", {ROWS(1, 3, 2, 2), IN(3, 3, 3, 2)}, 2, build_image},
    {"sparse", {ROWS(1, 3, 3, 1), IN(2, 2, 2, 1)}, 2, build_sparse},
    {"dilated", {ROWS(1, 3, 2, 2), IN(2, 3, 1, 2)}, 2, build_dilated},
    {"biased", {ROWS(1, 3, 2, 2), IN(3, 3, 3, 2), IN(3)}, 3, build_biased},
    {"groups", {ROWS(1, 3, 2, 2, 3), IN(2, 3, 3, 2, 3)}, 2, build_image},
    {"depthwise", {ROWS(1, 3, 2, 5, 1), IN(5, 3, 3, 1, 1)}, 2, build_image},
    {"volume", {ROWS(1, 2, 3, 2, 1), IN(2, 2, 2, 2, 1)}, 2, build_volume},
    {"volume_groups", {ROWS(1, 2, 3, 2, 2, 1), IN(2, 2, 2, 2, 2, 1)}, 2, build_volume},
    {"chunks", {{F32, SHAPE(1, 3, 2, 80), .low = -2, .high = 2, .batch = 1, .fixed = true},
                {F32, SHAPE(3, 3, 2, 80), .low = -2, .high = 2, .fixed = true}}, 2, build_image},
};

const struct op_test test_transposed = {
    .eval = eval, .ulp = 0.5, .magnitude = magnitude, .chain = chain, CASES(cases)};
