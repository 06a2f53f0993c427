#include "graph/ops/rules.h"

const struct op_def op_lt = {
    OP_ROW(LT, lt),
    .doc = "less, false where an operand is NaN",
    .formula = "a < b",
    .bound = "exact",
    .infer = rule_compare,
};
