#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    if (rule_dtype(graph, n, 0, BOOL))
        return "the condition must be bool";
    if (rule_operand(graph, n, 1)->dtype != rule_operand(graph, n, 2)->dtype)
        return "the two values differ in element type";
    n->dtype = rule_operand(graph, n, 1)->dtype;
    return rule_broadcast(graph, n, 0);
}

static void gradient(struct gradient *d, const struct node *n, int dy)
{
    if (gradient_wanted(d, n, 1))
        gradient_add(d, n, 1, rule_where(d, n->operand[0], dy));
    if (gradient_wanted(d, n, 2))
        gradient_add(d, n, 2, rule_where_not(d, n->operand[0], dy));
}

const struct op_def op_select = {
    OP_ROW(SELECT, select),
    .doc = "one of two values by a condition",
    .formula = "c ? a : b",
    .derivative = "g to a where c, else +0; g to b where not c, else +0",
    .bound = "exact",
    .infer = infer,
    .gradient = gradient,
};
