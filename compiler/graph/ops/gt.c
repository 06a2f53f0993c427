#include "graph/ops/rules.h"

const struct op_def op_gt = {
    OP_ROW(GT, gt),
    .doc = "greater, false where an operand is NaN",
    .formula = "a > b",
    .bound = "exact",
    .infer = rule_compare,
};
