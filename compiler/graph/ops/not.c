#include "graph/ops/rules.h"

const struct op_def op_not = {
    OP_ROW(NOT, not),
    .doc = "false where true, true where false",
    .formula = "not a",
    .bound = "exact",
    .infer = rule_logic,
};
