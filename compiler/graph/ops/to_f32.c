#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    enum dtype from = rule_operand(graph, n, 0)->dtype;
    n->dtype = F32;
    if (from == F32)
        return "operand must be i32, i64 or bool";
    return rule_broadcast(graph, n, 0);
}

const struct op_def op_to_f32 = {
    OP_ROW(TO_F32, to_f32),
    .doc = "a whole number or a truth value (0, 1) as f32, rounded to nearest even",
    .formula = "(f32)a",
    .bound = "0.5 ulp",
    .infer = infer,
};
