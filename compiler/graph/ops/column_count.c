#include "graph/ops/rules.h"

static const char *infer(const struct graph *graph, struct node *n)
{
    enum dtype from = rule_operand(graph, n, 0)->dtype;
    n->dtype = I64;
    return from != I32 && from != BOOL ? "operand must be i32 or bool" : rule_column(graph, n);
}

const struct op_def op_column_count = {
    OP_ROW(COLUMN_COUNT, column_count),
    .doc = "exact sum of whole numbers, or count of true, over the middle axis of "
           "three",
    .formula = "count of a over the middle axis",
    .bound = "exact",
    .infer = infer,
};
