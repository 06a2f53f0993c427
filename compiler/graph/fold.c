/* Folding with the target's own arithmetic: the inline functions of generated programs, built here
 * with the same flags.  Elementary functions are rows of ops.def; of the other maps, the lists
 * below say which of their types each has. */
#include "graph/fold.h"

#include "core/arith.h"
#include "graph/op.h"
#include "ops/abs.h"
#include "ops/add.h"
#include "ops/and.h"
#include "ops/div.h"
#include "ops/eq.h"
#include "ops/floor.h"
#include "ops/flush.h"
#include "ops/functions.h"
#include "ops/ge.h"
#include "ops/gt.h"
#include "ops/le.h"
#include "ops/lt.h"
#include "ops/max.h"
#include "ops/min.h"
#include "ops/mul.h"
#include "ops/ne.h"
#include "ops/neg.h"
#include "ops/not.h"
#include "ops/or.h"
#include "ops/pow.h"
#include "ops/powi.h"
#include "ops/select.h"
#include "ops/sign.h"
#include "ops/sqrt.h"
#include "ops/square.h"
#include "ops/sub.h"
#include "ops/to_f32.h"
#include "ops/to_i32.h"

#define FLOAT_1(X) \
    X(NEG, neg) X(ABS, abs) X(SIGN, sign) X(FLOOR, floor) X(FLUSH, flush) X(SQRT, sqrt) \
    X(SQUARE, square)
#define FLOAT_2(X) \
    X(ADD, add) X(SUB, sub) X(MUL, mul) X(DIV, div) X(MIN, min) X(MAX, max) X(POW, pow)
#define COMPARE(X) X(EQ, eq) X(NE, ne) X(LT, lt) X(LE, le) X(GT, gt) X(GE, ge)
#define WHOLE_1(X) X(NEG, neg) X(ABS, abs) X(SIGN, sign) X(NOT, not)
#define WHOLE_2(X) \
    X(ADD, add) X(SUB, sub) X(MUL, mul) X(MIN, min) X(MAX, max) X(AND, and) X(OR, or)
#define LONG_2(X) X(ADD, add) X(SUB, sub) X(MUL, mul) X(MIN, min) X(MAX, max)

bool fold_is_fill(const struct node *node)
{
    return node->op == OP_CONST && node->attr.list == NULL;
}

static bool set_float(struct attr *result, float value)
{
    result->value = value;
    return true;
}

static bool set_whole(struct attr *result, int64_t value)
{
    result->whole = value;
    return true;
}

#define CASE_FLOAT_1(name, stem) \
    case OP_##name: \
        return set_float(result, inv_##stem(x));

static bool fold_float_1(enum op op, float x, struct attr *result)
{
    switch (op) {
        FLOAT_1(CASE_FLOAT_1)
#define X(...)
#define FUNCTION(name, stem) CASE_FLOAT_1(name, stem)
#include "graph/ops.def"
#undef X
    case OP_TO_I32:
        return set_whole(result, inv_to_i32(x));
    default:
        return false;
    }
}

#define CASE_FLOAT_2(name, stem) \
    case OP_##name: \
        return set_float(result, inv_##stem(a, b));
#define CASE_COMPARE(name, stem) \
    case OP_##name: \
        return set_whole(result, inv_##stem(a, b));

static bool fold_float_2(enum op op, float a, float b, struct attr *result)
{
    switch (op) {
        FLOAT_2(CASE_FLOAT_2)
        COMPARE(CASE_COMPARE)
    default:
        return false;
    }
}

#define CASE_WHOLE_1(name, stem) \
    case OP_##name: \
        return set_whole(result, inv_##stem##_i32(x));

static bool fold_whole_1(enum op op, int32_t x, struct attr *result)
{
    switch (op) {
        WHOLE_1(CASE_WHOLE_1)
    case OP_TO_F32:
        return set_float(result, inv_to_f32_i32(x));
    case OP_TO_I32:
        return set_whole(result, x);
    default:
        return false;
    }
}

#define CASE_WHOLE_2(name, stem) \
    case OP_##name: \
        return set_whole(result, inv_##stem##_i32(a, b));

static bool fold_whole_2(enum op op, int32_t a, int32_t b, struct attr *result)
{
    switch (op) {
        WHOLE_2(CASE_WHOLE_2)
        COMPARE(CASE_WHOLE_2)
    default:
        return false;
    }
}

static bool fold_long_1(enum op op, int64_t x, struct attr *result)
{
    switch (op) {
    case OP_NEG:
        return set_whole(result, inv_neg_i64(x));
    case OP_TO_F32:
        return set_float(result, inv_to_f32_i64(x));
    case OP_TO_I32:
        return set_whole(result, inv_to_i32_i64(x));
    default:
        return false;
    }
}

#define CASE_LONG_2(name, stem) \
    case OP_##name: \
        return set_whole(result, inv_##stem##_i64(a, b));

static bool fold_long_2(enum op op, int64_t a, int64_t b, struct attr *result)
{
    switch (op) {
        LONG_2(CASE_LONG_2)
        COMPARE(CASE_LONG_2)
    default:
        return false;
    }
}

static bool fold_1(const struct node *node, const struct node *x, struct attr *result)
{
    if (x->dtype == F32)
        return fold_float_1(node->op, x->attr.value, result);
    if (x->dtype == I64)
        return fold_long_1(node->op, x->attr.whole, result);
    return fold_whole_1(node->op, (int32_t)x->attr.whole, result);
}

static bool fold_2(const struct node *node, const struct node *a, const struct node *b,
                   struct attr *result)
{
    if (node->op == OP_POWI)
        return set_float(result, inv_powi(a->attr.value, (int32_t)b->attr.whole));
    if (a->dtype == F32)
        return fold_float_2(node->op, a->attr.value, b->attr.value, result);
    if (a->dtype == I64)
        return fold_long_2(node->op, a->attr.whole, b->attr.whole, result);
    return fold_whole_2(node->op, (int32_t)a->attr.whole, (int32_t)b->attr.whole, result);
}

bool fold_node(const struct graph *graph, const struct node *node, struct attr *result)
{
    const struct node *operand[3];
    if (op_def(node->op)->class != CLASS_MAP || node->count < 1 || node->count > 3)
        return false;
    for (int i = 0; i < node->count; i++) {
        operand[i] = graph->node[node->operand[i]];
        if (!fold_is_fill(operand[i]))
            return false;
    }
    *result = (struct attr){0};
    if (node->count == 1)
        return fold_1(node, operand[0], result);
    if (node->count == 2)
        return fold_2(node, operand[0], operand[1], result);
    if (node->op != OP_SELECT)
        return false;
    *result = operand[operand[0]->attr.whole != 0 ? 1 : 2]->attr;
    return true;
}
