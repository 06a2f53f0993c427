#include "graph/ops/rules.h"

const struct op_def op_ge = {
    OP_ROW(GE, ge),
    .doc = "greater or equal, false where an operand is NaN",
    .formula = "a >= b",
    .bound = "exact",
    .infer = rule_compare,
};
