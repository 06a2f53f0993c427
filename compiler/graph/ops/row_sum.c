#include "graph/ops/rules.h"

const struct op_def op_row_sum = {
    OP_ROW(ROW_SUM, row_sum),
    .doc = "sum over the last axis in 32 lanes (numerics 3.4)",
    .formula = "sum of a over the last axis",
    .derivative = "g to every element of the row",
    .bound = "0.5 ulp of the sum of |terms|, per addition in the longest chain",
    .infer = rule_float_row,
    .gradient = rule_spread,
};
