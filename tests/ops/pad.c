#include "harness.h"

static void eval(struct oracle *o, const struct node *n)
{
    const struct shape *from = oracle_shape(o, n, 0);
    for (struct walk w = walk_start(o, &n->shape); walk_more(&w); walk_next(&w)) {
        int64_t index[RANK_MAX];
        bool inside = true;
        for (int i = 0; i < w.rank; i++) {
            index[i] = w.index[i] - n->attr.start[i];
            inside = inside && index[i] >= 0 && index[i] < oracle_extent(o, from, i);
        }
        o->value[n->id][w.element] =
            inside ? oracle_operand(o, n, 0)[oracle_at(o, from, w.rank, index)] : 0.0;
    }
}

static int pad(struct graph *graph, int x, const int64_t *start, const int64_t *dim)
{
    struct shape shape = graph_node(graph, x)->shape;
    shape = shape_of(shape.rank, shape.rows, dim);
    return graph_pad(graph, x, start, &shape);
}

static int build_around(struct graph *graph, const int *x)
{
    return pad(graph, x[0], (int64_t[]){0, 1, 2}, (int64_t[]){1, 5, 6});
}

static int build_after(struct graph *graph, const int *x)
{
    return pad(graph, x[0], (int64_t[]){0, 0, 0}, (int64_t[]){3, 3, 2});
}

static int build_vector(struct graph *graph, const int *x)
{
    return pad(graph, x[0], (int64_t[]){3}, (int64_t[]){5});
}

static const struct op_case cases[] = {
    {"around", {{F32, SHAPE(1, 3, 3), .batch = 1, .low = -2, .high = 2}}, 1, build_around},
    {"after", {{F32, SHAPE(2, 3, 1), .low = -2, .high = 2}}, 1, build_after},
    {"vector", {{F32, SHAPE(1), .low = -2, .high = 2}}, 1, build_vector},
    {"whole", {{I32, SHAPE(2, 3, 1), .low = -9, .high = 9}}, 1, build_after},
};

const struct op_test test_pad = {.eval = eval, CASES(cases)};
