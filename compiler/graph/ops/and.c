#include "graph/ops/rules.h"

const struct op_def op_and = {
    OP_ROW(AND, and),
    .doc = "both true",
    .formula = "a and b",
    .bound = "exact",
    .infer = rule_logic,
};
