#include "graph/ops/rules.h"

const struct op_def op_floor = {
    OP_ROW(FLOOR, floor),
    .doc = "the largest integer not above",
    .formula = "floor(a)",
    .bound = "exact",
    .infer = rule_float_map,
};
