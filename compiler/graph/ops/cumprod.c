#include "graph/ops/rules.h"

/* What stands before an element times what the sums after it owe to it: r = g + x' r', x' the next
 * element.  No division, so that zeros are as good as other numbers. */
static void gradient(struct gradient *d, const struct node *n, int dy)
{
    struct graph *graph = gradient_graph(d);
    bool reverse = n->attr.reverse;
    struct attr back = {.reverse = !reverse};
    int next = rule_shift(d, n->operand[0], !reverse);
    int owed = graph_add(graph, OP_RECURRENCE, 2, (int[]){next, dy}, &back);
    int first = graph_const_whole(graph, I32, reverse ? n->shape.dim[1] - 1 : 0);
    int begins = rule_at(d, &n->shape, 1, first);
    int shifted = rule_shift(d, n->id, reverse);
    int before = graph_select(graph, begins, graph_const(graph, 1.0f), shifted);
    gradient_add(d, n, 0, rule_mul(d, before, owed));
}

const struct op_def op_cumprod = {
    OP_ROW(CUMPROD, cumprod),
    .attributes = ATTR_REVERSE,
    .doc = "products over the middle axis of three up to each element, in order; `reverse`: from "
           "the last",
    .formula = "out[p, i, c] = out[p, i - 1, c] * a[p, i, c]",
    .derivative = "out[p, i - 1, c] * r[p, i, c], r = g + a' r' from the other end, a' and r' the "
           "next ones (recurrence)",
    .bound = "0.5 ulp of the product, per multiplication",
    .infer = rule_line,
    .gradient = gradient,
};
