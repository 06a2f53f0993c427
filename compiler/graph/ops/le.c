#include "graph/ops/rules.h"

const struct op_def op_le = {
    OP_ROW(LE, le),
    .doc = "less or equal, false where an operand is NaN",
    .formula = "a <= b",
    .bound = "exact",
    .infer = rule_compare,
};
