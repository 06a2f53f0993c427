#include "graph/ops/rules.h"

const struct op_def op_sign = {
    OP_ROW(SIGN, sign),
    .doc = "-1, +1, or the zero or NaN itself",
    .formula = "sign(a)",
    .bound = "exact",
    .infer = rule_signed_map,
};
