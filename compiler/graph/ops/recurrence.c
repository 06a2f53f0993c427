#include "graph/ops/rules.h"

/* What reaches an element from those after it is a recurrence from the other end. */
static void gradient(struct gradient *d, const struct node *n, int dy)
{
    bool reverse = n->attr.reverse;
    struct attr back = {.reverse = !reverse};
    int next = rule_shift(d, n->operand[0], !reverse);
    int all = graph_add(gradient_graph(d), OP_RECURRENCE, 2, (int[]){next, dy}, &back);
    gradient_add(d, n, 0, rule_mul(d, all, rule_shift(d, n->id, reverse)));
    gradient_add(d, n, 1, all);
}

const struct op_def op_recurrence = {
    OP_ROW(RECURRENCE, recurrence),
    .attributes = ATTR_REVERSE,
    .doc = "a linear recurrence over the middle axis of three, an fma a step; the first element is "
           "that of b; `reverse`: from the last",
    .formula = "out[p, i, c] = a[p, i, c] * out[p, i - 1, c] + b[p, i, c]",
    .derivative = "to b: r = g + a' r' from the other end, a' and r' the next ones; to a: r times "
           "the element before, +0 at the first",
    .bound = "0.5 ulp of the sum of |terms|, per step",
    .infer = rule_line,
    .gradient = gradient,
};
