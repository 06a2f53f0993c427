#include "harness.h"

static void eval(struct oracle *o, const struct node *n)
{
    const struct shape *x = oracle_shape(o, n, 0), *index = oracle_shape(o, n, 1);
    int64_t size = oracle_extent(o, x, 1);
    for (struct walk w = walk_start(o, &n->shape); walk_more(&w); walk_next(&w)) {
        int64_t at[3] = {w.index[0], 0, w.index[2]};
        double where = oracle_operand(o, n, 1)[oracle_at(o, index, 2, w.index)];
        at[1] = where < 0.0 ? 0 : where >= (double)size ? size - 1 : (int64_t)where;
        o->value[n->id][w.element] = oracle_operand(o, n, 0)[oracle_at(o, x, 3, at)];
    }
}

static const struct op_case cases[] = {
    {"per_row",
     {{F32, SHAPE(1, 5, 3), .batch = 1, .low = -2, .high = 2},
      {I32, SHAPE(1, 4), .batch = 1, .low = 0, .high = 4}},
     2,
     NULL},
    {"table",
     {{F32, SHAPE(1, 5, 3), .low = -2, .high = 2},
      {I32, SHAPE(1, 2), .batch = 2, .low = 0, .high = 4}},
     2,
     NULL},
    {"outside",
     {{F32, SHAPE(2, 5, 3), .low = -2, .high = 2}, {I32, SHAPE(2, 6), .low = -9, .high = 9}},
     2,
     NULL},
    {"pick",
     {{F32, SHAPE(1, 5, 1), .batch = 1, .low = -2, .high = 2},
      {I32, SHAPE(1, 1), .batch = 1, .low = 0, .high = 4}},
     2,
     NULL},
    {"pick_outside",
     {{F32, SHAPE(7, 3, 1), .low = -2, .high = 2}, {I32, SHAPE(7, 1), .low = -2, .high = 5}},
     2,
     NULL},
    {"one_column",
     {{F32, SHAPE(2, 3, 1), .low = -2, .high = 2}, {I32, SHAPE(2, 4), .low = 0, .high = 2}},
     2,
     NULL},
    {"one_row",
     {{F32, SHAPE(2, 1, 3), .low = -2, .high = 2}, {I32, SHAPE(2, 1), .low = 0, .high = 0}},
     2,
     NULL},
    {"batch",
     {{F32, SHAPE(1, 1, 3), .batch = 2, .low = -2, .high = 2},
      {I32, SHAPE(1, 1), .batch = 2, .low = -1, .high = 4}},
     2,
     NULL},
    {"whole",
     {{I32, SHAPE(2, 3, 2), .low = -9, .high = 9}, {I32, SHAPE(2, 4), .low = 0, .high = 2}},
     2,
     NULL},
};

const struct op_test test_take = {.eval = eval, CASES(cases)};
