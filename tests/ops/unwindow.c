#include "harness.h"

static void eval(struct oracle *o, const struct node *n)
{
    const struct shape *from = oracle_shape(o, n, 0);
    int axis, axes = window_axes(&n->shape, &n->attr, &axis);
    for (struct walk w = walk_start(o, &n->shape); walk_more(&w); walk_next(&w)) {
        int64_t index[RANK_MAX];
        bool seen = true;
        for (int i = 0; i < w.rank; i++)
            index[i] = w.index[i];
        for (int i = axis; i < axis + axes; i++) {
            int64_t from_window = w.index[i] - n->attr.start[i] -
                                  w.index[i + axes] * n->attr.step[i + axes];
            index[i] = from_window / n->attr.step[i];
            seen = seen && from_window >= 0 && from_window % n->attr.step[i] == 0 &&
                   index[i] < from->dim[i];
        }
        o->value[n->id][w.element] =
            seen ? oracle_operand(o, n, 0)[oracle_at(o, from, w.rank, index)] : 0.0;
    }
}

static int unwindow(struct graph *graph, int x, int axis, int axes, const int64_t *size,
                    const struct window_axis *at)
{
    struct attr attr = {0};
    struct shape shape = graph_node(graph, x)->shape;
    window_set(graph->nodes, &attr, axis, axes, at);
    for (int i = 0; i < axes; i++)
        shape.dim[axis + i] = size[i];
    return graph_add_shaped(graph, OP_UNWINDOW, 1, &x, &attr, F32, &shape);
}

static int build_image(struct graph *graph, const int *x)
{
    return unwindow(graph, x[0], 1, 2, (int64_t[]){5, 6},
                    (struct window_axis[]){{1, 1, 0}, {2, 1, 1}});
}

static int build_strided(struct graph *graph, const int *x)
{
    return unwindow(graph, x[0], 0, 1, (int64_t[]){9}, (struct window_axis[]){{3, 2, 1}});
}

/* Not as an array of all taps: summed where it is seen. */
static int build_summed(struct graph *graph, const int *x)
{
    int taps = unwindow(graph, x[0], 0, 1, (int64_t[]){7}, (struct window_axis[]){{2, 1, 1}});
    return graph_sum(graph, taps, 2);
}

#define IN(...) {F32, SHAPE(__VA_ARGS__), .low = -2, .high = 2, .fixed = true}
#define ROWS(...) {F32, SHAPE(__VA_ARGS__), .low = -2, .high = 2, .batch = 1, .fixed = true}

static const struct op_case cases[] = {
    {"image", {ROWS(1, 3, 3, 3, 2, 2)}, 1, build_image},
    {"strided", {IN(3, 3, 2)}, 1, build_strided},
    {"summed", {IN(4, 3, 2)}, 1, build_summed},
};

const struct op_test test_unwindow = {.eval = eval, CASES(cases)};
