#include "graph/ops/rules.h"

const struct op_def op_eq = {
    OP_ROW(EQ, eq),
    .doc = "equal, false where an operand is NaN",
    .formula = "a == b",
    .bound = "exact",
    .infer = rule_compare,
};
