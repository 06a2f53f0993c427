#include "harness.h"

#include <math.h>

/* The matrix of operand i at leading index l, row r, column c. */
static double element(struct oracle *o, const struct node *n, int i, int64_t l, int64_t r,
                      int64_t c)
{
    const struct shape *s = oracle_shape(o, n, i);
    bool transposed = i == 0 ? n->attr.transpose_a : n->attr.transpose_b;
    int64_t index[3] = {l, transposed ? c : r, transposed ? r : c};
    return oracle_operand(o, n, i)[oracle_at(o, s, 3, index)];
}

static int64_t contracted(const struct oracle *o, const struct node *n)
{
    const struct shape *a = oracle_shape(o, n, 0);
    return oracle_extent(o, a, a->rank - (n->attr.transpose_a ? 2 : 1));
}

static int64_t chain(const struct oracle *o, const struct node *n)
{
    return oracle_chunks(contracted(o, n));
}

static void contract(struct oracle *o, const struct node *n, double *out, bool absolute)
{
    int64_t size = contracted(o, n);
    for (struct walk w = walk_start(o, &n->shape); walk_more(&w); walk_next(&w)) {
        int64_t l = w.rank == 3 ? w.index[0] : 0;
        int64_t r = w.index[w.rank - 2], c = w.index[w.rank - 1];
        out[w.element] = 0.0;
        for (int64_t k = 0; k < size; k++) {
            double x = element(o, n, 0, l, r, k) * element(o, n, 1, l, k, c);
            out[w.element] += absolute ? fabs(x) : x;
        }
    }
}

static void eval(struct oracle *o, const struct node *n)
{
    contract(o, n, o->value[n->id], false);
}

static void magnitude(struct oracle *o, const struct node *n, double *out)
{
    contract(o, n, out, true);
}

static int matmul(struct graph *graph, const int *x, bool transpose_a, bool transpose_b)
{
    struct attr attr = {.transpose_a = transpose_a, .transpose_b = transpose_b};
    return graph_add(graph, OP_MATMUL, 2, x, &attr);
}

static int build_ta(struct graph *graph, const int *x)
{
    return matmul(graph, x, true, false);
}

static int build_tb(struct graph *graph, const int *x)
{
    return matmul(graph, x, false, true);
}

static int build_both(struct graph *graph, const int *x)
{
    return matmul(graph, x, true, true);
}

static int build_any_rank(struct graph *graph, const int *x)
{
    return graph_matmul(graph, x[0], x[1]);
}

#define IN(...) {F32, SHAPE(__VA_ARGS__), .low = -2, .high = 2}
#define ROWS(...) {F32, SHAPE(__VA_ARGS__), .low = -2, .high = 2, .batch = 1}

static const struct op_case cases[] = {
    {"dense", {ROWS(1, 3), IN(3, 4)}, 2, NULL},
    {"plain", {IN(2, 3), IN(3, 5)}, 2, NULL},
    {"ta", {IN(3, 2), IN(3, 5)}, 2, build_ta},
    {"tb", {IN(2, 3), IN(5, 3)}, 2, build_tb},
    {"both", {IN(3, 2), IN(5, 3)}, 2, build_both},
    {"one", {IN(1, 1), IN(1, 1)}, 2, NULL},
    {"outer", {IN(3, 1), IN(1, 2)}, 2, NULL},
    {"inner", {IN(1, 7), IN(7, 1)}, 2, NULL},
    {"over_rows", {ROWS(1, 3), ROWS(1, 2)}, 2, build_ta},
    {"leading", {ROWS(1, 2, 3), ROWS(1, 3, 2)}, 2, NULL},
    {"leading_both", {ROWS(1, 3, 2), ROWS(1, 4, 3)}, 2, build_both},
    {"shared_b", {ROWS(1, 2, 3), IN(3, 4)}, 2, NULL},
    {"shared_b_ta", {ROWS(1, 3, 2), IN(3, 4)}, 2, build_ta},
    {"shared_b_tb", {IN(2, 2, 3), IN(4, 3)}, 2, build_tb},
    {"shared_b_both", {IN(2, 3, 2), IN(4, 3)}, 2, build_both},
    {"shared_a", {IN(2, 3), ROWS(1, 3, 4)}, 2, NULL},
    {"shared_a_ta", {IN(3, 2), ROWS(1, 3, 4)}, 2, build_ta},
    {"shared_a_tb", {IN(2, 3), IN(2, 4, 3)}, 2, build_tb},
    {"shared_a_both", {IN(3, 2), IN(2, 4, 3)}, 2, build_both},
    {"sequence", {ROWS(1, 2, 3, 2), IN(2, 3)}, 2, build_any_rank},
    {"heads", {ROWS(1, 2, 2, 3), ROWS(1, 2, 3, 2)}, 2, build_any_rank},
    {"chunks",
     {{F32, SHAPE(2, 600), .low = -2, .high = 2, .fixed = true},
      {F32, SHAPE(600, 3), .low = -2, .high = 2, .fixed = true}},
     2,
     NULL},
};

const struct op_test test_matmul = {
    .eval = eval, .ulp = 0.5, .magnitude = magnitude, .chain = chain, CASES(cases)};
