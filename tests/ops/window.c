#include "harness.h"

static void eval(struct oracle *o, const struct node *n)
{
    const struct shape *from = oracle_shape(o, n, 0);
    int axis, axes = window_axes(&n->shape, &n->attr, &axis);
    for (struct walk w = walk_start(o, &n->shape); walk_more(&w); walk_next(&w)) {
        int64_t index[RANK_MAX];
        bool inside = true;
        for (int i = 0; i < from->rank; i++) {
            bool windowed = i >= axis && i < axis + axes;
            index[i] = windowed ? n->attr.start[i] + w.index[i] * n->attr.step[i] +
                                      w.index[i + axes] * n->attr.step[i + axes]
                                : w.index[i < axis ? i : i + axes];
            inside = inside && index[i] >= 0 && index[i] < oracle_extent(o, from, i);
        }
        o->value[n->id][w.element] =
            inside ? oracle_operand(o, n, 0)[oracle_at(o, from, from->rank, index)]
                   : (double)n->attr.value;
    }
}

/* Windows over axes `axis` .. of x: `count` of them, of `size` taps. */
static int window(struct graph *graph, int x, int axis, int axes, const int64_t *count,
                  const int64_t *size, const struct window_axis *at, float value)
{
    struct attr attr = {.value = value};
    struct shape shape = graph_node(graph, x)->shape;
    for (int i = shape.rank - 1; i >= axis; i--)
        shape.dim[i + axes] = shape.dim[i];
    shape.rank += axes;
    shape.rows += shape.rows >= axis ? axes : 0;
    window_set(graph->nodes, &attr, axis, axes, at);
    for (int i = 0; i < axes; i++) {
        shape.dim[axis + i] = count[i];
        shape.dim[axis + axes + i] = size[i];
    }
    return graph_add_shaped(graph, OP_WINDOW, 1, &x, &attr, F32, &shape);
}

static int build_image(struct graph *graph, const int *x)
{
    return window(graph, x[0], 1, 2, (int64_t[]){3, 3}, (int64_t[]){3, 2},
                  (struct window_axis[]){{1, 1, 0}, {2, 1, 0}}, 0);
}

static int build_padded(struct graph *graph, const int *x)
{
    return window(graph, x[0], 1, 2, (int64_t[]){3, 2}, (int64_t[]){3, 3},
                  (struct window_axis[]){{2, 1, 1}, {3, 2, 2}}, 0);
}

static int build_apart(struct graph *graph, const int *x)
{
    return window(graph, x[0], 0, 1, (int64_t[]){2}, (int64_t[]){2},
                  (struct window_axis[]){{4, 1, 0}}, 0);
}

static int build_flipped(struct graph *graph, const int *x)
{
    return window(graph, x[0], 0, 1, (int64_t[]){7}, (int64_t[]){3},
                  (struct window_axis[]){{1, -1, -1}}, 0);
}

static int build_valued(struct graph *graph, const int *x)
{
    return window(graph, x[0], 0, 1, (int64_t[]){5}, (int64_t[]){3},
                  (struct window_axis[]){{2, 1, 2}}, -1.5f);
}

static int build_twice(struct graph *graph, const int *x)
{
    int inner = window(graph, x[0], 0, 1, (int64_t[]){4}, (int64_t[]){3},
                       (struct window_axis[]){{2, 1, 1}}, 0);
    return window(graph, inner, 0, 1, (int64_t[]){2}, (int64_t[]){2},
                  (struct window_axis[]){{2, 1, 0}}, 0);
}

static int build_before_rows(struct graph *graph, const int *x)
{
    return window(graph, x[0], 0, 1, (int64_t[]){3}, (int64_t[]){3},
                  (struct window_axis[]){{1, 1, 1}}, 0);
}

static int build_volume(struct graph *graph, const int *x)
{
    return window(graph, x[0], 1, 3, (int64_t[]){2, 2, 1}, (int64_t[]){2, 3, 2},
                  (struct window_axis[]){{1, 1, 0}, {1, 1, 1}, {1, 1, 0}}, 0);
}

#define IN(...) {F32, SHAPE(__VA_ARGS__), .low = -2, .high = 2}
#define ROWS(...) {F32, SHAPE(__VA_ARGS__), .low = -2, .high = 2, .batch = 1}

static const struct op_case cases[] = {
    {"image", {ROWS(1, 5, 6, 2)}, 1, build_image},
    {"padded", {ROWS(1, 5, 4, 2)}, 1, build_padded},
    {"apart", {IN(7)}, 1, build_apart},
    {"flipped", {IN(7)}, 1, build_flipped},
    {"valued", {IN(7)}, 1, build_valued},
    {"twice", {IN(7)}, 1, build_twice},
    {"before_rows", {{F32, SHAPE(3, 1, 2), .low = -2, .high = 2, .batch = 2}}, 1,
     build_before_rows},
    {"volume", {ROWS(1, 3, 2, 2, 1)}, 1, build_volume},
};

const struct op_test test_window = {.eval = eval, CASES(cases)};
