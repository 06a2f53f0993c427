#include "graph/ops/rules.h"

const struct op_def op_or = {
    OP_ROW(OR, or),
    .doc = "at least one true",
    .formula = "a or b",
    .bound = "exact",
    .infer = rule_logic,
};
