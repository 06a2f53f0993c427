#include "harness.h"

static void eval(struct oracle *o, const struct node *n)
{
    for (struct walk w = walk_start(o, &n->shape); walk_more(&w); walk_next(&w)) {
        bool reverse = n->attr.reverse;
        int64_t last = w.dim[1] - 1, at[3] = {w.index[0], 0, w.index[2]};
        double product = 1.0;
        for (at[1] = reverse ? w.index[1] : 0; at[1] <= (reverse ? last : w.index[1]); at[1]++)
            product *= oracle_operand(o, n, 0)[oracle_at(o, &n->shape, 3, at)];
        o->value[n->id][w.element] = product;
    }
}

static int64_t chain(const struct oracle *o, const struct node *n)
{
    return oracle_extent(o, &n->shape, 1);
}

static int build_reverse(struct graph *graph, const int *x)
{
    return graph_line(graph, OP_CUMPROD, 1, x, 1, true);
}

static const struct op_case cases[] = {
    {"middle", {{F32, SHAPE(2, 5, 3), .low = -2, .high = 2}}, 1, NULL},
    {"per_row", {{F32, SHAPE(1, 5, 3), .batch = 1, .low = -2, .high = 2}}, 1, NULL},
    {"reverse", {{F32, SHAPE(1, 4, 2), .batch = 1, .low = -2, .high = 2}}, 1, build_reverse},
    {"one", {{F32, SHAPE(2, 1, 3), .low = -2, .high = 2}}, 1, NULL},
    {"vector", {{F32, SHAPE(1, 3, 1), .low = -2, .high = 2}}, 1, NULL},
};

/* Zeros: what is owed to one is the product of the others. */
static const struct op_known known[] = {
    {"vector", {{2.0, 0.0, 3.0}}, {{1.0, 8.0, 0.0}}},
    {"vector", {{0.0, 0.0, 3.0}}, {{1.0, 0.0, 0.0}}},
};

const struct op_test test_cumprod = {
    .eval = eval, .ulp = 0.5, .chain = chain, CASES(cases), KNOWN(known)};
