#include "graph/ops/rules.h"

/* Each element is in the sums of those after it. */
static void gradient(struct gradient *d, const struct node *n, int dy)
{
    struct attr attr = {.reverse = !n->attr.reverse};
    gradient_add(d, n, 0, graph_add(gradient_graph(d), OP_CUMSUM, 1, &dy, &attr));
}

const struct op_def op_cumsum = {
    OP_ROW(CUMSUM, cumsum),
    .attributes = ATTR_REVERSE,
    .doc = "sums over the middle axis of three up to each element, in chunks of 256 (numerics "
           "3.11); `reverse`: from the last",
    .formula = "out[p, i, c] = sum of a[p, j, c] over j <= i",
    .derivative = "cumsum of g from the other end",
    .bound = "0.5 ulp of the sum of |terms|, per addition in the longest chain",
    .infer = rule_line,
    .gradient = gradient,
};
