#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    const char *problem = rule_line(graph, n);
    n->dtype = I32;
    return problem;
}

static struct work work(const struct graph *graph, const struct node *n)
{
    (void)graph;
    struct extent all = extent_of_all(&n->shape), steps = {.constant = 4};
    for (int64_t i = n->shape.dim[1]; i > 1; i /= 2)
        steps.constant += 8;
    return (struct work){.steps = extent_multiply(all, steps)};
}

const struct op_def op_argsort = {
    OP_ROW(ARGSORT, argsort),
    .attributes = ATTR_REVERSE,
    .doc = "where the elements of the middle axis of three stand in ascending order; `reverse`: "
           "descending; equal ones in their order, -0 and +0 equal, NaN last",
    .formula = "a[p, out[p, i, c], c] ascending in i",
    .bound = "exact",
    .infer = infer,
    .work = work,
};
