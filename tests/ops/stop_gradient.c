#include "harness.h"

static const struct op_case cases[] = {
    {"float", {{F32, SHAPE(1, 3), .batch = 1, .low = -2, .high = 2}}, 1, NULL},
    {"whole", {{I32, SHAPE(5), .low = -9, .high = 9}}, 1, NULL},
};

const struct op_test test_stop_gradient = {.eval = eval_copy, CASES(cases)};
