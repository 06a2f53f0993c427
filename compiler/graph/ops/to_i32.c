#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    enum dtype from = rule_operand(graph, n, 0)->dtype;
    n->dtype = I32;
    if (from == I32)
        return "operand must be f32, i64 or bool";
    return rule_broadcast(graph, n, 0);
}

const struct op_def op_to_i32 = {
    OP_ROW(TO_I32, to_i32),
    .doc = "a number cut towards 0; beyond the range its nearest bound, 0 for NaN; "
           "the low 32 bits of i64",
    .formula = "(i32)a",
    .bound = "exact",
    .infer = infer,
};
