#include "graph/ops/rules.h"

const struct op_def op_ne = {
    OP_ROW(NE, ne),
    .doc = "not equal, true where an operand is NaN",
    .formula = "a != b",
    .bound = "exact",
    .infer = rule_compare,
};
