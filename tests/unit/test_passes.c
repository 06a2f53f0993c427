/* The passes after the gradients: each rewrite by its text, then random graphs.  Every random
 * graph is run three ways, by a plain interpreter before and after pass_simplify, and by one that
 * runs the scheduled groups in the planned memory as passes/pass.h allows; all must leave the
 * same bits in the variables.  The structure of groups and places is checked beside that. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "core/arith.h"
#include "core/sha256.h"
#include "core/sums.h"
#include "graph/fold.h"
#include "passes/schedule.h"
#include "emit/plan_text.h"
#include "one_phase.h"

static struct shape shape(int rank, int rows, int64_t a, int64_t b)
{
    return shape_of(rank, rows, (int64_t[]){a, b});
}

/* A READ of a new input. */
static int input(struct shape shape)
{
    return graph_read(graph, variable(VAR_INPUT, F32, shape));
}

/* Stores the value in a new report and returns that. */
static int output(int value)
{
    const struct node *node = graph->node[value];
    int id = variable(VAR_REPORT, node->dtype, node->shape);
    graph_store(graph, id, value);
    return id;
}

static const char *text_of(const struct graph *g)
{
    struct text text;
    text_init(&text, arena);
    graph_print(g, &text);
    return text.data;
}

#define CHECK_TEXT(actual, expected) \
    do { \
        const char *got = (actual); \
        if (strcmp(got, expected) != 0) \
            printf("\ngot:\n%s\nwant:\n%s\n", got, expected); \
        CU_ASSERT_STRING_EQUAL(got, expected); \
    } while (0)

/* ---- rewrites ---- */

static void simplify_to(const char *expected)
{
    pass_simplify(graph);
    graph_verify(graph, "simplify");
    CHECK_TEXT(text_of(graph), expected);
}

static void test_dead(void)
{
    start();
    int x = input(shape(1, -1, 3, 0));
    graph_unary(graph, OP_EXP, x);
    graph->forward = x;
    output(graph_unary(graph, OP_NEG, x));
    simplify_to("graph train\n%0 = read $0:v0 : f32[3]\n%1 = neg %0 : f32[3]   # gradient of %0\n"
                "%2 = store %1 $1:v1 : f32[3]   # gradient of %0\n");
}

static void test_common(void)
{
    start();
    int x = input(shape(1, -1, 3, 0));
    int a = graph_unary(graph, OP_EXP, x), b = graph_unary(graph, OP_EXP, x);
    output(graph_binary(graph, OP_ADD, a, b));
    simplify_to("graph train\n%0 = read $0:v0 : f32[3]\n%1 = exp %0 : f32[3]\n"
                "%2 = add %1 %1 : f32[3]\n%3 = store %2 $1:v1 : f32[3]\n");
}

static int random_node(const char *path, struct shape shape)
{
    struct attr attr = {.path = path, .domain = DOMAIN_STEP};
    return graph_add_shaped(graph, OP_RANDOM_UNIFORM, 0, NULL, &attr, F32, &shape);
}

static void test_common_random(void)
{
    start();
    struct shape s = shape(1, -1, 3, 0);
    int a = random_node("a", s), b = random_node("b", s), c = random_node("a", s);
    output(graph_binary(graph, OP_ADD, a, b));
    output(c);
    simplify_to("graph train\n"
                "%0 = random_uniform path=\"a\" domain=step : f32[3]\n"
                "%1 = random_uniform path=\"b\" domain=step : f32[3]\n"
                "%2 = add %0 %1 : f32[3]\n%3 = store %2 $0:v0 : f32[3]\n"
                "%4 = store %0 $1:v1 : f32[3]\n");
}

static void test_fold(void)
{
    start();
    int a = graph_binary(graph, OP_DIV, graph_const(graph, 1.0f), graph_const(graph, 3.0f));
    struct shape s = shape(1, -1, 2, 0);
    output(graph_binary(graph, OP_ADD, a, graph_fill(graph, 1.0f, &s)));
    int n = graph_const_whole(graph, I32, 7);
    output(graph_to(graph, F32, graph_binary(graph, OP_MUL, n, n)));
    simplify_to("graph train\n%0 = const value=0x1.555556p+0 : f32[2]\n"
                "%1 = store %0 $0:v0 : f32[2]\n%2 = const value=0x1.88p+5 : f32\n"
                "%3 = store %2 $1:v1 : f32\n");
}

/* The element of the constant that the last store keeps. */
static int64_t folded(int value)
{
    graph_store(graph, variable(VAR_REPORT, graph->node[value]->dtype, shape_scalar()), value);
    pass_simplify(graph);
    const struct node *node = graph->node[graph->node[graph->count - 1]->operand[0]];
    CU_ASSERT_EQUAL(node->op, OP_CONST);
    return node->dtype == F32 ? (int64_t)node->attr.value : node->attr.whole;
}

static void test_fold_types(void)
{
    start();
    int64_t big = (int64_t)1 << 40;
    int a = graph_const_whole(graph, I64, big), b = graph_const_whole(graph, I64, 3);
    CU_ASSERT_EQUAL(folded(graph_unary(graph, OP_NEG, a)), -big);
    start();
    a = graph_const_whole(graph, I64, big);
    b = graph_const_whole(graph, I64, 3);
    CU_ASSERT_EQUAL(folded(graph_binary(graph, OP_SUB, a, b)), big - 3);
    start();
    a = graph_const_whole(graph, I64, big);
    CU_ASSERT_EQUAL(folded(graph_to(graph, F32, a)), big);
    start();
    a = graph_const_whole(graph, I32, INT32_MAX);
    CU_ASSERT_EQUAL(folded(graph_binary(graph, OP_ADD, a, a)), -2);
    start();
    a = graph_const_whole(graph, I32, 3);
    CU_ASSERT_EQUAL(folded(graph_binary(graph, OP_POWI, graph_const(graph, -2.0f), a)), -8);
    start();
    a = graph_const_whole(graph, BOOL, 1);
    CU_ASSERT_EQUAL(folded(graph_unary(graph, OP_NOT, a)), 0);
    start();
    a = graph_const(graph, -2.5f);
    CU_ASSERT_EQUAL(folded(graph_to(graph, I32, a)), -2);
    start();
    a = graph_const(graph, 4.0f);
    CU_ASSERT_EQUAL(folded(graph_binary(graph, OP_LT, graph_unary(graph, OP_SQRT, a), a)), 1);
}

static void test_exact_maps(void)
{
    start();
    int x = input(shape(1, -1, 3, 0));
    int y = graph_binary(graph, OP_MUL, graph_const(graph, 1.0f), x);
    y = graph_binary(graph, OP_DIV, y, graph_const(graph, 1.0f));
    y = graph_binary(graph, OP_SUB, y, graph_const(graph, 0.0f));
    y = graph_unary(graph, OP_NEG, graph_unary(graph, OP_NEG, y));
    y = graph_select(graph, graph_const_whole(graph, BOOL, 1), y, graph_unary(graph, OP_EXP, y));
    output(y);
    simplify_to("graph train\n%0 = read $0:v0 : f32[3]\n%1 = store %0 $1:v1 : f32[3]\n");
}

/* What changes a zero's sign, hides a NaN, or changes the shape stays. */
static void test_inexact_maps_stay(void)
{
    start();
    int x = input(shape(1, -1, 3, 0)), zero = graph_const(graph, 0.0f);
    struct shape wide = shape(2, -1, 2, 3);
    int y = graph_binary(graph, OP_ADD, x, zero);
    y = graph_binary(graph, OP_SUB, y, graph_const(graph, -0.0f));
    y = graph_binary(graph, OP_MUL, y, zero);
    y = graph_binary(graph, OP_SUB, y, y);
    y = graph_binary(graph, OP_DIV, y, graph_const(graph, 3.0f));
    y = graph_binary(graph, OP_DIV, y, graph_const(graph, 0x1p-127f));
    output(graph_binary(graph, OP_MUL, y, graph_fill(graph, 1.0f, &wide)));
    int before = graph->count;
    pass_simplify(graph);
    graph_verify(graph, "simplify");
    CU_ASSERT_EQUAL(graph->count, before);
}

static uint32_t state = 1;

static uint32_t draw(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

/* Divides by every power of two: what became of the quotient gives the quotient's bits. */
static void test_powers_of_two(void)
{
    for (int k = -149; k <= 127; k++) {
        start();
        float by = inv_scale(1.0f, (uint32_t)k);
        int x = input(shape(1, -1, 3, 0));
        output(graph_binary(graph, OP_DIV, x, graph_const(graph, by)));
        pass_simplify(graph);
        const struct node *y = graph->node[graph->node[graph->count - 1]->operand[0]];
        CU_ASSERT_EQUAL(y->op == OP_MUL, k != 0 && k >= -126 && k <= 126);
        for (int i = 0; i < 2000 && y->op == OP_MUL; i++) {
            float value = inv_from_bits(i < 4 ? (uint32_t)i << 30 : draw());
            float product = inv_mul(value, graph->node[y->operand[1]]->attr.value);
            CU_ASSERT_EQUAL(inv_bits(inv_canonical(product)),
                            inv_bits(inv_canonical(inv_div(value, by))));
        }
    }
}

static void test_views(void)
{
    start();
    struct shape s = shape(2, -1, 3, 4), flat = shape(1, -1, 12, 0), t = shape(2, -1, 4, 3);
    int x = input(s), swap[] = {1, 0};
    int y = graph_add_shaped(graph, OP_RESHAPE, 1, &x, NULL, F32, &s);
    y = graph_reshape(graph, graph_reshape(graph, y, &flat), &t);
    y = graph_transpose(graph, graph_transpose(graph, y, swap), swap);
    y = graph_unary(graph, OP_STOP_GRADIENT, y);
    output(graph_broadcast(graph, y, &t));
    int ones = graph_broadcast(graph, graph_const(graph, 2.0f), &s);
    output(graph_transpose(graph, ones, swap));
    simplify_to("graph train\n%0 = read $0:v0 : f32[3, 4]\n%1 = reshape %0 : f32[4, 3]\n"
                "%2 = store %1 $1:v1 : f32[4, 3]\n%3 = const value=0x1p+1 : f32[4, 3]\n"
                "%4 = store %3 $2:v2 : f32[4, 3]\n");
}

static void test_broadcasts(void)
{
    start();
    struct shape s = shape(2, 0, 1, 4);
    int x = input(s), y = input(shape(1, -1, 4, 0)), z = input(shape_scalar());
    int wide = graph_broadcast(graph, y, &s);
    output(graph_binary(graph, OP_ADD, x, wide));
    output(graph_unary(graph, OP_NEG, graph_broadcast(graph, z, &s)));
    simplify_to("graph train\n%0 = read $0:v0 : f32[b, 4]\n%1 = read $1:v1 : f32[4]\n"
                "%2 = read $2:v2 : f32\n%3 = add %0 %1 : f32[b, 4]\n"
                "%4 = store %3 $3:v3 : f32[b, 4]\n%5 = neg %2 : f32\n"
                "%6 = broadcast %5 : f32[b, 4]\n%7 = store %6 $4:v4 : f32[b, 4]\n");
}

/* Rows of all rows are that under other leading axes, too; columns are not. */
static void test_reshaped_broadcasts(void)
{
    start();
    struct shape s = shape(2, -1, 4, 3), deep = shape_of(3, -1, (int64_t[]){2, 2, 3});
    int row = input(shape(1, -1, 3, 0)), one = input(shape(2, -1, 1, 3));
    int column = input(shape(2, -1, 4, 1));
    output(graph_reshape(graph, graph_broadcast(graph, row, &s), &deep));
    output(graph_reshape(graph, graph_broadcast(graph, one, &s), &deep));
    output(graph_reshape(graph, graph_broadcast(graph, column, &s), &deep));
    simplify_to("graph train\n%0 = read $0:v0 : f32[3]\n%1 = read $1:v1 : f32[1, 3]\n"
                "%2 = read $2:v2 : f32[4, 1]\n%3 = broadcast %0 : f32[2, 2, 3]\n"
                "%4 = store %3 $3:v3 : f32[2, 2, 3]\n%5 = reshape %1 : f32[3]\n"
                "%6 = broadcast %5 : f32[2, 2, 3]\n%7 = store %6 $4:v4 : f32[2, 2, 3]\n"
                "%8 = broadcast %2 : f32[4, 3]\n%9 = reshape %8 : f32[2, 2, 3]\n"
                "%10 = store %9 $5:v5 : f32[2, 2, 3]\n");
}

/* The squares reach the sum without a stop in memory. */
static void test_reshape_rises(void)
{
    start();
    int x = input(shape(2, 0, 1, 4)), y = input(shape(1, -1, 4, 0));
    struct shape flat = shape(1, 0, 4, 0);
    int square = graph_unary(graph, OP_SQUARE, x);
    output(graph_unary(graph, OP_ROW_SUM, graph_reshape(graph, square, &flat)));
    int sum = graph_binary(graph, OP_ADD, x, y);
    output(graph_reshape(graph, sum, &flat));
    int twice = graph_unary(graph, OP_EXP, x);
    output(twice);
    output(graph_reshape(graph, twice, &flat));
    simplify_to("graph train\n%0 = read $0:v0 : f32[b, 4]\n%1 = read $1:v1 : f32[4]\n"
                "%2 = reshape %0 : f32[b*4]\n%3 = square %2 : f32[b*4]\n"
                "%4 = row_sum %3 : f32[1]\n%5 = store %4 $2:v2 : f32[1]\n"
                "%6 = add %0 %1 : f32[b, 4]\n%7 = reshape %6 : f32[b*4]\n"
                "%8 = store %7 $3:v3 : f32[b*4]\n%9 = exp %0 : f32[b, 4]\n"
                "%10 = store %9 $4:v4 : f32[b, 4]\n%11 = reshape %9 : f32[b*4]\n"
                "%12 = store %11 $5:v5 : f32[b*4]\n");
}

/* A pick's gradient reaches the row that it belongs to without its axis of extent 1. */
static void test_unit_axes(void)
{
    start();
    struct shape s = shape_of(3, 0, (int64_t[]){1, 4, 1}), flat = shape(2, 0, 1, 4);
    struct shape narrow = shape_of(3, 0, (int64_t[]){1, 1, 1});
    struct attr attr = {.axis = 1};
    int position = graph_add_shaped(graph, OP_POSITION, 0, NULL, &attr, I32, &s);
    int index = graph_read(graph, variable(VAR_INPUT, I32, narrow));
    int at = graph_binary(graph, OP_EQ, position, index), g = input(narrow);
    int y = graph_select(graph, at, g, graph_const(graph, 0.0f));
    output(graph_reshape(graph, y, &flat));
    simplify_to("graph train\n%0 = read $0:v0 : i32[b, 1, 1]\n%1 = read $1:v1 : f32[b, 1, 1]\n"
                "%2 = const value=0x0p+0 : f32\n%3 = position axis=1 : i32[b, 4]\n"
                "%4 = reshape %0 : i32[b, 1]\n%5 = eq %3 %4 : bool[b, 4]\n"
                "%6 = reshape %1 : f32[b, 1]\n%7 = select %5 %6 %2 : f32[b, 4]\n"
                "%8 = store %7 $2:v2 : f32[b, 4]\n");
}

/* ---- streams ---- */

static void test_streams(void)
{
    start();
    program->data.name = "digits";
    int a = random_node("dense1/w", shape(1, -1, 3, 0));
    pass_random(program);
    struct inv_sha256 sha;
    uint8_t digest[32];
    inv_sha256_init(&sha);
    inv_sha256_update(&sha, "dense1/w", 8);
    inv_sha256_final(&sha, digest);
    CU_ASSERT_EQUAL(graph->node[a]->attr.stream >> 24, digest[0]);
    CU_ASSERT_EQUAL(graph->node[a]->attr.stream & 255, digest[3]);
    CU_ASSERT_NOT_EQUAL(program->stream_split, program->stream_shuffle);
    CU_ASSERT_EQUAL(diags_error_count(program->diags), 0);
}

/* Two paths whose digests begin with the same 32 bits. */
static void test_stream_collision(void)
{
    start();
    struct shape s = shape(1, -1, 3, 0);
    random_node("dense5603/w", s);
    random_node("dense17255/w", s);
    pass_random(program);
    CU_ASSERT_EQUAL(diags_error_count(program->diags), 1);
}

/* ---- a plain interpreter: f32 as its bits, whole numbers as themselves ---- */

enum { ROWS = 3 };                      /* b of the batch at hand, below the declared 5 */

static int64_t dim_of(const struct shape *shape, int axis)
{
    return axis == shape->rows ? shape->dim[axis] * ROWS : shape->dim[axis];
}

static int64_t size_of(const struct shape *shape)
{
    return shape_elements(shape) * (shape->rows >= 0 ? ROWS : 1);
}

static int64_t from_float(float x)
{
    return (int64_t)inv_bits(inv_canonical(x));
}

static float to_float(int64_t bits)
{
    return inv_from_bits((uint32_t)bits);
}

/* Row-major index of element `number`. */
static void index_of(const struct shape *shape, int64_t number, int64_t index[RANK_MAX])
{
    for (int axis = shape->rank - 1; axis >= 0; axis--) {
        index[axis] = number % dim_of(shape, axis);
        number /= dim_of(shape, axis);
    }
}

static int64_t number_of(const struct shape *shape, const int64_t index[RANK_MAX])
{
    int64_t number = 0;
    for (int axis = 0; axis < shape->rank; axis++)
        number = number * dim_of(shape, axis) + index[axis];
    return number;
}

/* Which element of `from`, broadcast to `to`, stands at `index` there. */
static int64_t broadcast_number(const struct shape *from, const struct shape *to,
                                const int64_t index[RANK_MAX])
{
    int64_t own[RANK_MAX];
    for (int axis = 0; axis < from->rank; axis++) {
        int64_t at = index[axis + to->rank - from->rank];
        own[axis] = dim_of(from, axis) == 1 ? 0 : at;
    }
    return number_of(from, own);
}

/* One output of a map: folds constants. */
static int64_t map_element(const struct node *node, const struct node *const *x,
                           const int64_t *element)
{
    struct node constant[3], *list[3], result = *node;
    struct graph scratch = {.program = program, .node = list, .count = node->count};
    int id[] = {0, 1, 2};
    for (int i = 0; i < node->count; i++) {
        constant[i] = (struct node){.id = i, .op = OP_CONST, .dtype = x[i]->dtype};
        constant[i].attr.value = x[i]->dtype == F32 ? to_float(element[i]) : 0.0f;
        constant[i].attr.whole = element[i];
        list[i] = &constant[i];
    }
    result.operand = id;
    struct attr value;
    if (!fold_node(&scratch, &result, &value))
        CU_FAIL_FATAL("a map that does not fold");
    return node->dtype == F32 ? from_float(value.value) : value.whole;
}

static void run_map(const struct node *node, const struct node *const *x,
                    const int64_t *const *value, int64_t *out)
{
    for (int64_t e = 0; e < size_of(&node->shape); e++) {
        int64_t index[RANK_MAX], element[3];
        index_of(&node->shape, e, index);
        for (int i = 0; i < node->count; i++)
            element[i] = value[i][broadcast_number(&x[i]->shape, &node->shape, index)];
        out[e] = node->op == OP_POSITION ? index[node->attr.axis] : map_element(node, x, element);
    }
}

static void run_view(const struct node *node, const struct node *x, const int64_t *value,
                     int64_t *out)
{
    for (int64_t e = 0; e < size_of(&node->shape); e++) {
        int64_t index[RANK_MAX], inner[RANK_MAX], from = e;
        index_of(&node->shape, e, index);
        for (int axis = 0; axis < node->shape.rank; axis++)
            if (node->op == OP_TRANSPOSE)
                inner[node->attr.perm[axis]] = index[axis];
            else
                inner[axis] = index[axis] + (node->op == OP_SLICE ? node->attr.start[axis] : 0);
        if (node->op == OP_TRANSPOSE || node->op == OP_SLICE)
            from = number_of(&x->shape, inner);
        else if (node->op == OP_BROADCAST)
            from = broadcast_number(&x->shape, &node->shape, index);
        out[e] = value[from];
    }
}

static void run_row(const struct node *node, const struct node *x, const int64_t *value,
                    int64_t *out)
{
    int64_t n = dim_of(&x->shape, x->shape.rank - 1);
    float *row = ARENA_ARRAY(arena, float, n);
    for (int64_t r = 0; r < size_of(&node->shape); r++) {
        for (int64_t i = 0; i < n; i++)
            row[i] = to_float(value[r * n + i]);
        if (node->op == OP_ROW_ARGMAX)
            out[r] = inv_row_argmax(row, n);
        else
            out[r] = from_float(node->op == OP_ROW_SUM ? inv_row_sum(row, n)
                                                       : inv_row_max(row, n));
    }
}

static void run_column(const struct node *node, const struct node *x, const int64_t *value,
                       int64_t *out)
{
    int64_t rows = dim_of(&x->shape, 1), columns = dim_of(&x->shape, 2);
    for (int64_t e = 0; e < size_of(&node->shape); e++) {
        float sum = 0.0f;
        for (int64_t r = 0; r < rows; r++)
            sum += to_float(value[(e / columns * rows + r) * columns + e % columns]);
        out[e] = from_float(sum);
    }
}

/* Rank 2 only. */
static void run_matmul(const struct node *node, const struct node *const *x,
                       const int64_t *const *value, int64_t *out)
{
    bool ta = node->attr.transpose_a, tb = node->attr.transpose_b;
    int64_t m = dim_of(&node->shape, 0), n = dim_of(&node->shape, 1);
    int64_t k = dim_of(&x[0]->shape, ta ? 0 : 1);
    for (int64_t e = 0; e < m * n; e++) {
        float sum = 0.0f;
        for (int64_t i = 0; i < k; i++) {
            int64_t a = ta ? i * m + e / n : e / n * k + i, b = tb ? e % n * k + i : i * n + e % n;
            sum = inv_fma(to_float(value[0][a]), to_float(value[1][b]), sum);
        }
        out[e] = from_float(sum);
    }
}

static void run_concat(const struct node *node, const struct node *const *x,
                       const int64_t *const *value, int64_t *out)
{
    int64_t start = 0;
    for (int i = 0; i < node->count; i++) {
        for (int64_t e = 0; e < size_of(&x[i]->shape); e++) {
            int64_t index[RANK_MAX];
            index_of(&x[i]->shape, e, index);
            index[node->attr.axis] += start;
            out[number_of(&node->shape, index)] = value[i][e];
        }
        start += dim_of(&x[i]->shape, node->attr.axis);
    }
}

/* x [p, n, c], index [p, r] */
static void run_take(const struct node *node, const struct node *const *x,
                     const int64_t *const *value, int64_t *out)
{
    int64_t n = dim_of(&x[0]->shape, 1);
    for (int64_t e = 0; e < size_of(&node->shape); e++) {
        int64_t at[RANK_MAX];
        index_of(&node->shape, e, at);
        at[1] = value[1][at[0] * dim_of(&x[1]->shape, 1) + at[1]];
        at[1] = at[1] < 0 ? 0 : at[1] >= n ? n - 1 : at[1];
        out[e] = value[0][number_of(&x[0]->shape, at)];
    }
}

/* Any numbers will do that the path and the element determine. */
static void run_random(const struct node *node, int64_t *out)
{
    for (int64_t e = 0; e < size_of(&node->shape); e++)
        out[e] = from_float((float)(node->attr.path[0] * 37 + e * e % 11));
}

static void run_source(const struct node *node, int64_t *out)
{
    for (int64_t e = 0; e < size_of(&node->shape); e++)
        if (node->op == OP_STEP_VALUE)
            out[e] = node->attr.step_value == VALUE_ROWS ? ROWS : 2;
        else if (node->dtype != F32)
            out[e] = node->attr.whole;
        else
            out[e] = from_float(node->attr.list != NULL ? node->attr.list[e] : node->attr.value);
}

/* What the node gives for the operands' elements. */
static void run_node(const struct node *node, const struct node *const *x,
                     const int64_t *const *value, int64_t *out)
{
    switch (op_def(node->op)->class) {
    case CLASS_SOURCE:
        run_source(node, out);
        break;
    case CLASS_MAP:
        run_map(node, x, value, out);
        break;
    case CLASS_VIEW:
        run_view(node, x[0], value[0], out);
        break;
    case CLASS_ROW:
        run_row(node, x[0], value[0], out);
        break;
    case CLASS_COLUMN:
        run_column(node, x[0], value[0], out);
        break;
    case CLASS_CONTRACT:
        run_matmul(node, x, value, out);
        break;
    case CLASS_MOVE:
        run_concat(node, x, value, out);
        break;
    case CLASS_TAKE:
        run_take(node, x, value, out);
        break;
    case CLASS_RANDOM:
        run_random(node, out);
        break;
    case CLASS_STORE:
        memcpy(out, value[0], sizeof *out * (size_t)size_of(&node->shape));
        break;
    default:
        CU_FAIL_FATAL("an operator without an interpreter");
    }
}

/* The variables' elements, by id, before the step: awkward numbers by the variable and place. */
static int64_t **first_values(void)
{
    static const uint32_t awkward[] = {0, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 1,
                                       0x80000001, 0x007fffff, 0x3f800000, 0xbf800000, 0x7f7fffff};
    int64_t **value = ARENA_ARRAY(arena, int64_t *, program->variable_count);
    for (int v = 0; v < program->variable_count; v++) {
        const struct variable *var = program->variable[v];
        value[v] = ARENA_ARRAY(arena, int64_t, size_of(&var->shape));
        for (int64_t e = 0; e < size_of(&var->shape); e++) {
            int64_t h = (v * 7919 + e * 104729) % 1009;
            value[v][e] = var->dtype != F32 ? h % 4 : h % 5 == 0 ? awkward[h % 11]
                                                   : from_float((float)(h - 500) / 64.0f);
        }
    }
    return value;
}

/* The variables' elements after the graph ran, node after node. */
static int64_t **run_plainly(const struct graph *g)
{
    int64_t **variable_value = first_values(), **after = first_values();
    int64_t **result = ARENA_ARRAY(arena, int64_t *, g->count);
    for (int id = 0; id < g->count; id++) {
        const struct node *node = g->node[id], *x[16];
        const int64_t *value[16];
        for (int i = 0; i < node->count; i++) {
            x[i] = g->node[node->operand[i]];
            value[i] = result[node->operand[i]];
        }
        result[id] = ARENA_ARRAY(arena, int64_t, size_of(&node->shape));
        if (node->op == OP_READ)
            result[id] = variable_value[node->attr.variable];
        else
            run_node(node, x, value, result[id]);
        if (node->op == OP_STORE)
            after[node->attr.variable] = result[id];
    }
    return after;
}

/* ---- an interpreter of schedules, in the planned memory ---- */

struct memory {
    const struct graph *graph;
    unsigned char *now, *before;        /* the arena, and as it was when the group began */
    int64_t **local;                    /* node id -> elements computed in the running group */
    bool memory_only;                   /* the running node reads no constants */
};

static int64_t load(const unsigned char *at, enum dtype dtype)
{
    int64_t wide;
    int32_t whole;
    uint32_t bits;
    if (dtype == I64) {
        memcpy(&wide, at, 8);
        return wide;
    }
    memcpy(&whole, at, 4);
    memcpy(&bits, at, 4);
    return dtype == F32 ? (int64_t)bits : whole;
}

static void put(unsigned char *at, enum dtype dtype, int64_t value)
{
    uint32_t bits = (uint32_t)value;
    if (dtype == I64)
        memcpy(at, &value, 8);
    else
        memcpy(at, &bits, 4);
}

static int64_t at_rows(struct extent extent)
{
    return extent.constant + extent.rows * ROWS;
}

/* Element `number` of the node that an access ends at. */
static int64_t element_of(const struct memory *memory, int id, int64_t number)
{
    const struct node *node = memory->graph->node[id];
    const struct place *place = &memory->graph->schedule->place[id];
    if (memory->local[id] != NULL)
        return memory->local[id][number];
    if (place->kind == PLACE_INLINE) {
        CU_ASSERT(!memory->memory_only);
        if (op_def(node->op)->class != CLASS_SOURCE)
            CU_FAIL_FATAL("a local is read by another group");
        int64_t *fill = ARENA_ARRAY(arena, int64_t, size_of(&node->shape));
        run_source(node, fill);
        return fill[fold_is_fill(node) ? 0 : number];
    }
    int64_t bytes = dtype_bytes(node->dtype);
    return load(memory->before + place->offset + number * bytes, node->dtype);
}

/* The elements that the access leads to in a loop over the shape. */
static int64_t *read_through(const struct memory *memory, struct access access,
                             const struct shape *shape)
{
    int64_t *value = ARENA_ARRAY(arena, int64_t, size_of(shape));
    for (int64_t e = 0; e < size_of(shape); e++) {
        int64_t index[RANK_MAX], number = at_rows(access.offset);
        index_of(shape, e, index);
        for (int axis = 0; axis < shape->rank; axis++)
            number += index[axis] * at_rows(access.stride[axis]);
        value[e] = element_of(memory, access.node, number);
    }
    return value;
}

static void run_member(struct memory *memory, int id)
{
    const struct graph *g = memory->graph;
    const struct node *node = g->node[id], *x[16];
    const int64_t *value[16];
    enum op_class class = op_def(node->op)->class;
    memory->memory_only = !class_has(class, READS_CONSTANTS);
    if (class == CLASS_VIEW) {
        struct access access = schedule_copied_access(g, id, &node->shape);
        memory->local[id] = read_through(memory, access, &node->shape);
        return;
    }
    for (int i = 0; i < node->count; i++) {
        x[i] = g->node[node->operand[i]];
        struct access access = schedule_access(g, x[i]->id, &x[i]->shape);
        value[i] = read_through(memory, access, &x[i]->shape);
    }
    int64_t *out = ARENA_ARRAY(arena, int64_t, size_of(&node->shape));
    run_node(node, x, value, out);
    memory->local[id] = out;
}

/* A STORE of what is computed in the variable itself. */
static bool is_done(const struct graph *g, int id)
{
    const struct node *node = g->node[id];
    const struct place *place = g->schedule->place;
    return node->op == OP_STORE && place[node->operand[0]].kind == PLACE_VARIABLE &&
           place[node->operand[0]].offset == place[id].offset;
}

static void run_group(struct memory *memory, const struct group *group)
{
    const struct graph *g = memory->graph;
    memset(memory->local, 0, sizeof *memory->local * (size_t)g->count);
    memcpy(memory->before, memory->now, (size_t)program->arena_bytes);
    for (int m = 0; m < group->count; m++)
        if (!is_done(g, group->node[m]))
            run_member(memory, group->node[m]);
    for (int m = 0; m < group->count; m++) {
        const struct node *node = g->node[group->node[m]];
        if (memory->local[node->id] == NULL)
            continue;
        const struct place *place = &g->schedule->place[node->id];
        int64_t bytes = dtype_bytes(node->dtype);
        for (int64_t e = 0; place->kind != PLACE_INLINE && e < size_of(&node->shape); e++)
            put(memory->now + place->offset + e * bytes, node->dtype, memory->local[node->id][e]);
    }
}

static int64_t **run_schedule(const struct graph *g)
{
    struct memory memory = {.graph = g};
    memory.now = arena_alloc(arena, (size_t)program->arena_bytes);
    memory.before = arena_alloc(arena, (size_t)program->arena_bytes);
    memory.local = ARENA_ARRAY(arena, int64_t *, g->count);
    memset(memory.now, 0xa5, (size_t)program->arena_bytes);
    int64_t **value = first_values();
    for (int v = 0; v < program->variable_count; v++) {
        const struct variable *var = program->variable[v];
        for (int64_t e = 0; e < size_of(&var->shape); e++)
            put(memory.now + var->offset + e * dtype_bytes(var->dtype), var->dtype, value[v][e]);
    }
    for (int i = 0; i < g->schedule->group_count; i++)
        run_group(&memory, &g->schedule->group[i]);
    for (int v = 0; v < program->variable_count; v++) {
        const struct variable *var = program->variable[v];
        for (int64_t e = 0; e < size_of(&var->shape); e++)
            value[v][e] = load(memory.now + var->offset + e * dtype_bytes(var->dtype), var->dtype);
    }
    return value;
}

static bool same_variables(int64_t *const *a, int64_t *const *b)
{
    for (int v = 0; v < program->variable_count; v++)
        for (int64_t e = 0; e < size_of(&program->variable[v]->shape); e++)
            if (a[v][e] != b[v][e]) {
                printf("\nvariable %d[%d]: %llx, %llx", v, (int)e, (unsigned long long)a[v][e],
                       (unsigned long long)b[v][e]);
                return false;
            }
    return true;
}

/* ---- the structure of groups ---- */

static bool has_member(const struct group *group, int id)
{
    for (int m = 0; m < group->count; m++)
        if (group->node[m] == id)
            return true;
    return false;
}

static bool overlap(const struct place *a, const struct place *b)
{
    return a->kind != PLACE_INLINE && b->kind != PLACE_INLINE &&
           a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
}

static bool depends_on(const struct graph *g, int id, int on)
{
    bool found = id == on;
    for (int i = 0; !found && id > on && i < g->node[id]->count; i++)
        found = depends_on(g, g->node[id]->operand[i], on);
    return found;
}

/* May the group write `out` where the operand of `reader` lies? */
static bool may_overlap(const struct graph *g, const struct group *group, int out, int reader,
                        int operand)
{
    const struct node *node = g->node[out];
    const struct shape *space = &node->shape;
    struct access access = schedule_access(g, operand, space);
    const struct place *from = &g->schedule->place[access.node];
    bool variable = g->schedule->place[out].kind == PLACE_VARIABLE;
    bool kind = group->kind == CLASS_MAP || (group->kind == CLASS_ROW && !variable) ||
                (group->kind == CLASS_CONTRACT && variable && g->node[reader]->op != OP_MATMUL);
    if (group->kind == CLASS_ROW && !depends_on(g, out, reader))
        return false;
    return kind && access.identity && from->offset == g->schedule->place[out].offset &&
           from->bytes == g->schedule->place[out].bytes;
}

static void check_reads(const struct graph *g, const struct group *group, int reader, int operand)
{
    struct access access = schedule_access(g, operand, &g->node[operand]->shape);
    const struct place *from = &g->schedule->place[access.node];
    if (has_member(group, access.node) || from->kind == PLACE_INLINE) {
        CU_ASSERT(has_member(group, operand) || g->node[reader]->op == OP_STORE ||
                  from->kind == PLACE_INLINE);
        return;
    }
    for (int m = 0; m < group->count; m++) {
        int out = group->node[m];
        int base = access.node;
        if (is_done(g, out))
            continue;
        while (schedule_is_view(g, base))
            base = g->node[base]->operand[0];
        bool apart = !overlap(&g->schedule->place[out], from) || g->schedule->whole[base] == out;
        if (!apart && !may_overlap(g, group, out, reader, operand))
            printf("\n%%%d is written over %%%d, which %%%d reads", out, access.node, reader);
        CU_ASSERT(apart || may_overlap(g, group, out, reader, operand));
    }
}

static void check_member(const struct graph *g, const struct group *group, int id)
{
    const struct node *node = g->node[id];
    enum op_class class = op_def(node->op)->class;
    const struct node *head = g->node[group->node[0]];
    for (int i = 0; i < node->count && !is_done(g, id); i++)
        check_reads(g, group, id, node->operand[i]);
    switch (group->kind) {
    case CLASS_MAP:
        CU_ASSERT(class == CLASS_MAP || class == CLASS_VIEW || class == CLASS_STORE);
        CU_ASSERT(class == CLASS_STORE || shape_equal(&node->shape, &head->shape));
        break;
    case CLASS_ROW:
        CU_ASSERT(class == CLASS_MAP || class == CLASS_ROW || class == CLASS_STORE);
        break;
    case CLASS_COLUMN:
        CU_ASSERT(class == CLASS_MAP || class == CLASS_COLUMN || class == CLASS_STORE);
        CU_ASSERT(class != CLASS_MAP || g->schedule->place[id].kind == PLACE_INLINE);
        break;
    case CLASS_CONTRACT:
        CU_ASSERT((node->op == OP_MATMUL) == (node == head));
        break;
    default:
        CU_ASSERT(node == head || class == CLASS_STORE);
        break;
    }
}

static void check_schedule(const struct graph *g)
{
    const struct schedule *schedule = g->schedule;
    bool update = false;
    for (int i = 0; i < schedule->group_count; i++) {
        const struct group *group = &schedule->group[i];
        CU_ASSERT(group->count > 0 && group->update >= update);
        update = group->update;
        for (int m = 0; m < group->count; m++) {
            const struct node *node = g->node[group->node[m]];
            CU_ASSERT_EQUAL(schedule->group_of[node->id], i);
            check_member(g, group, node->id);
            if (node->op == OP_STORE)
                CU_ASSERT_EQUAL(update,
                                update || program->variable[node->attr.variable]->kind != VAR_LOSS);
        }
    }
}

/* No two stretches of scratch that are alive at one time overlap. */
static void check_storage(const struct schedule *schedule)
{
    for (int i = 0; i < schedule->storage_count; i++)
        for (int j = 0; j < i; j++) {
            const struct storage *a = &schedule->storage[i], *b = &schedule->storage[j];
            bool meet = a->first <= b->last && b->first <= a->last;
            CU_ASSERT(!meet || a->offset >= b->offset + b->bytes ||
                      b->offset >= a->offset + a->bytes);
        }
}

static void plan(void)
{
    pass_random(program);
    pass_fuse(graph);
    pass_order(graph);
    pass_plan(program);
    graph_verify(graph, "plan");
    check_schedule(graph);
    check_storage(graph->schedule);
}

static void fail_with_schedule(const char *what)
{
    struct text text;
    text_init(&text, arena);
    graph_print(graph, &text);
    schedule_print(graph, &text);
    printf("\n%s\n%s\n", what, text.data);
    CU_FAIL("other bits");
}

/* Runs the graph three ways; false where they differ. */
static bool check_bits(void)
{
    int64_t **plain = run_plainly(graph);
    pass_simplify(graph);
    graph_verify(graph, "simplify");
    int64_t **simplified = run_plainly(graph);
    plan();
    int64_t **scheduled = run_schedule(graph);
    bool same = same_variables(plain, simplified) && same_variables(plain, scheduled);
    if (!same)
        fail_with_schedule(same_variables(plain, simplified) ? "scheduled" : "simplified");
    return same;
}

/* ---- groups ---- */

/* The groups' operators, one group a line. */
static const char *groups_text(void)
{
    struct text text;
    text_init(&text, arena);
    for (int g = 0; g < graph->schedule->group_count; g++) {
        const struct group *group = &graph->schedule->group[g];
        text_printf(&text, "%s", group->update ? "update" : "");
        for (int m = 0; m < group->count; m++)
            text_printf(&text, " %s", op_def(graph->node[group->node[m]]->op)->stem);
        text_puts(&text, "\n");
    }
    return text.data;
}

static void check_groups(const char *expected)
{
    CU_ASSERT(check_bits());
    CHECK_TEXT(groups_text(), expected);
}

static void test_exchange(void)
{
    start();
    struct shape s = shape(2, -1, 2, 3), flat = shape(1, -1, 6, 0);
    int v[5], x[5];                      /* whole numbers are stored as they are */
    for (int i = 0; i < 5; i++) {
        v[i] = variable(VAR_STATE, I32, i < 4 ? s : flat);
        x[i] = graph_read(graph, v[i]);
    }
    for (int i = 0; i < 3; i++)
        graph_store(graph, v[i], x[(i + 1) % 3]);
    graph_store(graph, v[3], graph_reshape(graph, x[4], &s));
    graph_store(graph, v[4], graph_reshape(graph, x[3], &flat));
    check_groups("update store store store\nupdate reshape\nupdate reshape store\nupdate store\n");
}

/* An optimizer: one loop, each variable stored where it is read. */
static void test_update_in_place(void)
{
    start();
    struct shape s = shape(1, -1, 6, 0);
    int w = variable(VAR_STATE, F32, s), m = variable(VAR_STATE, F32, s), g = input(s);
    int old_w = graph_read(graph, w), old_m = graph_read(graph, m);
    int new_m = graph_binary(graph, OP_ADD, graph_binary(graph, OP_MUL, old_m, old_w), g);
    graph_store(graph, m, new_m);
    graph_store(graph, w, graph_binary(graph, OP_SUB, old_w, new_m));
    check_groups("update mul add flush store sub flush store\n");
    CU_ASSERT_EQUAL(graph->schedule->scratch_bytes, 0);
}

/* Read at another index than it is stored at: the new value waits in scratch. */
static void test_update_elsewhere(void)
{
    start();
    struct shape s = shape(2, -1, 4, 4);
    int w = variable(VAR_STATE, F32, s), swap[] = {1, 0};
    int old = graph_read(graph, w);
    graph_store(graph, w, graph_binary(graph, OP_ADD, old, graph_transpose(graph, old, swap)));
    check_groups(" add\nupdate flush store\n");
}

/* x + transposed x: the transpose looks at elements that other iterations make. */
static void test_view_between(void)
{
    start();
    int swap[] = {1, 0};
    int x = graph_unary(graph, OP_EXP, input(shape(2, -1, 4, 4)));
    output(graph_binary(graph, OP_ADD, x, graph_transpose(graph, x, swap)));
    check_groups(" exp\nupdate add store\n");
}

/* The sum could be made with the product, were that not needed by the loss, which must not wait
 * for the stored row. */
static void test_loss_comes_first(void)
{
    start();
    struct shape s = shape(2, -1, 4, 4), row = shape(2, -1, 1, 4), scalar = shape_scalar();
    int x = input(s), u = graph_unary(graph, OP_EXP, input(row));
    graph_store(graph, variable(VAR_ACCUMULATOR, F32, row), u);
    int p = graph_unary(graph, OP_NEG, x), q = graph_binary(graph, OP_ADD, p, u);
    int sum = graph_reshape(graph, graph_sum(graph, p, 3), &scalar);
    output(graph_matmul(graph, q, x));
    graph_store(graph, variable(VAR_LOSS, F32, scalar), sum);
    check_groups(" neg\n row_sum store\nupdate exp store\nupdate add\nupdate matmul store\n");
}

/* Softmax and its loss, each row once. */
static void test_rows(void)
{
    start();
    int x = input(shape(2, 0, 1, 4));
    int top = graph_binary(graph, OP_SUB, x, graph_max(graph, x, 2));
    int e = graph_unary(graph, OP_EXP, top);
    output(graph_binary(graph, OP_DIV, e, graph_sum(graph, e, 2)));
    check_groups("update row_max sub exp row_sum div store\n");
    CU_ASSERT_EQUAL(graph->schedule->scratch_bytes, 0);
}

/* Rows too long for the stack are kept in memory between the reductions. */
static void test_long_rows(void)
{
    start();
    int x = input(shape(2, -1, 2, ROW_LOCAL_MAX + 1));
    int e = graph_unary(graph, OP_EXP, graph_unary(graph, OP_NEG, x));
    output(graph_binary(graph, OP_DIV, e, graph_sum(graph, e, 2)));
    check_groups("update neg exp row_sum div store\n");
    CU_ASSERT_EQUAL(graph->schedule->scratch_bytes, 2 * 4 * (ROW_LOCAL_MAX + 1));
}

static void test_epilogue(void)
{
    start();
    int x = input(shape(2, 0, 1, 4)), w = input(shape(2, -1, 4, 3));
    int y = graph_binary(graph, OP_ADD, graph_matmul(graph, x, w), input(shape(1, -1, 3, 0)));
    output(graph_binary(graph, OP_MAX, graph_const(graph, 0.0f), y));
    check_groups("update matmul add max store\n");
    CU_ASSERT_EQUAL(graph->schedule->scratch_bytes, 0);
}

/* Each product is added to the sum before it in its own loops. */
static void test_sum_of_products(void)
{
    start();
    struct shape s = shape(2, -1, 4, 4);
    int x = input(s), sum = graph_matmul(graph, x, input(s));
    for (int i = 0; i < 3; i++)
        sum = graph_binary(graph, OP_ADD, sum, graph_matmul(graph, x, input(s)));
    output(sum);
    check_groups(" matmul\n matmul add\n matmul add\nupdate matmul add store\n");
    CU_ASSERT_EQUAL(graph->schedule->scratch_bytes, 128);
}

/* So do maps of a product alone; one that is read elsewhere lies in memory anyway. */
static void test_maps_of_products(void)
{
    start();
    struct shape s = shape(2, -1, 4, 4);
    int x = input(s), p = graph_matmul(graph, x, input(s));
    int gate = graph_unary(graph, OP_NEG, graph_unary(graph, OP_EXP, p));
    output(graph_binary(graph, OP_MUL, gate, graph_matmul(graph, x, input(s))));
    check_groups(" matmul exp neg\nupdate matmul mul store\n");
    start();
    x = input(s), p = graph_matmul(graph, x, input(s));
    gate = graph_unary(graph, OP_NEG, graph_unary(graph, OP_EXP, p));
    output(graph_binary(graph, OP_MUL, gate, graph_matmul(graph, x, input(s))));
    output(p);
    check_groups("update matmul store\nupdate matmul exp neg mul store\n");
}

/* A contraction reads memory: a constant is written there first. */
static void test_constant_operand(void)
{
    start();
    struct shape s = shape(2, 0, 1, 3);
    struct attr attr = {.transpose_a = true};
    int x = input(shape(2, 0, 1, 4)), ones = graph_fill(graph, 1.0f, &s);
    output(graph_add(graph, OP_MATMUL, 2, (int[]){x, ones}, &attr));
    check_groups(" broadcast\nupdate matmul store\n");
}

/* Gradients are computed at their places in the flat one: nothing is copied. */
static void test_flat_gradient(void)
{
    start();
    struct shape s = shape(2, -1, 4, 3), flat = shape(1, -1, 12, 0), b = shape(1, -1, 3, 0);
    int x = input(shape(2, 0, 1, 4)), dy = input(shape(2, 0, 1, 3));
    struct attr attr = {.transpose_a = true};
    int dw = graph_add(graph, OP_MATMUL, 2, (int[]){x, dy}, &attr);
    int pieces[] = {graph_reshape(graph, dw, &flat),
                    graph_reshape(graph, graph_sum(graph, dy, 1), &b)};
    int block = variable(VAR_STATE, F32, shape(1, -1, 15, 0));
    int g = graph_concat(graph, 2, pieces, 0);
    graph_store(graph, block, graph_binary(graph, OP_SUB, graph_read(graph, block), g));
    CU_ASSERT_EQUAL(graph->node[dw]->shape.dim[0], s.dim[0]);
    check_groups(" matmul\n column_sum\nupdate sub flush store\n");
    CU_ASSERT_EQUAL(graph->schedule->scratch_bytes, 60);
}

/* Parameters lie in their blocks, all before the rest, and what is saved comes first. */
static void test_variables(void)
{
    start();
    int x = variable(VAR_INPUT, F32, shape(2, 0, 1, 7));
    int w = variable(VAR_PARAM, F32, shape(2, -1, 4, 3));
    int b = variable(VAR_PARAM, F32, shape(1, -1, 3, 0));
    int block = variable(VAR_BLOCK, F32, shape(1, -1, 15, 0));
    int buffer = variable(VAR_BUFFER, F32, shape(1, -1, 100, 0));
    program->variable[w]->block = program->variable[b]->block = block;
    program->variable[b]->block_start = 12;
    output(graph_binary(graph, OP_ADD, graph_read(graph, b), graph_read(graph, b)));
    plan();
    struct variable **v = program->variable;
    CU_ASSERT_EQUAL(v[w]->offset, v[block]->offset);
    CU_ASSERT_EQUAL(v[b]->offset, v[block]->offset + 48);
    CU_ASSERT_EQUAL(v[buffer]->offset, 0);
    CU_ASSERT_EQUAL(v[block]->offset, 400);
    CU_ASSERT_EQUAL(program->saved_bytes, 460);
    CU_ASSERT(v[x]->offset >= program->saved_bytes);
}

/* A parameter is read before the block that it lies in is stored. */
static void test_block_hazard(void)
{
    start();
    int w = variable(VAR_PARAM, F32, shape(1, -1, 6, 0));
    int block = variable(VAR_BLOCK, F32, shape(1, -1, 6, 0));
    program->variable[w]->block = block;
    graph_store(graph, block, graph_unary(graph, OP_EXP, graph_read(graph, block)));
    int y = graph_unary(graph, OP_NEG, graph_read(graph, w));
    graph_store(graph, variable(VAR_REPORT, F32, shape(1, -1, 6, 0)), y);
    plan();
    CHECK_TEXT(groups_text(), "update neg store\nupdate exp flush store\n");
}

/* ---- random graphs ---- */

static int pick(int n)
{
    return (int)(draw() % (uint32_t)n);
}

/* A random node of that element type, the later the likelier, or -1. */
static int pick_node(enum dtype dtype)
{
    for (int tries = 0; tries < 30; tries++) {
        int a = pick(graph->count), b = pick(graph->count);
        int id = a > b ? a : b;
        if (graph->node[id]->dtype == dtype && graph->node[id]->op != OP_STORE)
            return id;
    }
    return -1;
}

static void add_map(void)
{
    static const enum op unary[] = {OP_NEG, OP_EXP, OP_SQUARE, OP_ABS, OP_TANH, OP_SIGN};
    static const enum op binary[] = {OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_MAX, OP_MIN};
    int a = pick_node(F32), b = pick_node(F32);
    struct shape shape;
    if (pick(3) == 0) {
        graph_unary(graph, unary[pick(6)], a);
    } else if (shape_broadcast(&graph->node[a]->shape, &graph->node[b]->shape, &shape)) {
        int y = graph_binary(graph, binary[pick(6)], a, b);
        if (pick(6) == 0)
            graph_select(graph, graph_binary(graph, OP_LT, a, b), y, a);
    }
}

static void add_constant(void)
{
    static const float values[] = {0.0f, 1.0f, 2.0f, -4.0f, 0.3f};
    struct attr attr = {.step_value = VALUE_STEP};
    int a = pick_node(F32), b = graph_const(graph, values[pick(5)]);
    if (pick(4) == 0)
        graph_to(graph, F32, graph_add(graph, OP_STEP_VALUE, 0, NULL, &attr));
    else
        graph_binary(graph, pick(2) ? OP_MUL : OP_DIV, a, b);
}

static void add_reduction(void)
{
    int x = pick_node(F32);
    int rank = graph->node[x]->shape.rank;
    uint32_t axes = rank > 0 ? 1u + draw() % ((1u << rank) - 1) : 0;
    if (pick(4) == 0)
        graph_to(graph, F32, graph_argmax(graph, x, axes));
    else if (rank > 0)
        pick(3) ? graph_sum(graph, x, axes) : graph_max(graph, x, axes);
}

static void add_view(void)
{
    int x = pick_node(F32), swap[] = {1, 0};
    struct shape s = graph->node[x]->shape;
    int64_t start[RANK_MAX] = {0};
    if (s.rank == 0)
        return;
    struct shape flat = shape(1, s.rows < 0 ? -1 : 0, shape_elements(&s), 0);
    struct shape box = s;
    switch (pick(5)) {
    case 0:
        graph_reshape(graph, x, &flat);
        break;
    case 4:
        if (s.rank < 3)
            box.dim[box.rank++] = 1;
        graph_reshape(graph, x, &box);
        break;
    case 1:
        if (s.rank == 2)
            graph_transpose(graph, x, swap);
        break;
    case 2:
        if (s.rows != s.rank - 1 && s.dim[s.rank - 1] > 1) {
            start[s.rank - 1] = pick(2);
            s.dim[s.rank - 1] -= 1;
            graph_slice(graph, x, start, &s);
        }
        break;
    default:
        if (s.rank == 1 && s.rows < 0) {
            struct shape wide = shape(2, 0, 1, s.dim[0]);
            graph_broadcast(graph, x, &wide);
        }
    }
}

static void add_matmul(void)
{
    int a = pick_node(F32), b = pick_node(F32);
    struct shape square = shape(2, -1, 4, 4);
    if (pick(8) == 0)
        b = graph_fill(graph, 0.5f, &square);
    struct shape sa = graph->node[a]->shape, sb = graph->node[b]->shape;
    struct attr attr = {0};
    attr.transpose_a = pick(2);
    attr.transpose_b = pick(2);
    if (sa.rank != 2 || sb.rank != 2)
        return;
    int ka = attr.transpose_a ? 0 : 1, kb = attr.transpose_b ? 1 : 0;
    if (sa.dim[ka] != sb.dim[kb] || (sa.rows == ka) != (sb.rows == kb) ||
        (sa.rows == 1 - ka && sb.rows == 1 - kb))
        return;
    graph_add(graph, OP_MATMUL, 2, (int[]){a, b}, &attr);
}

static void add_concat(void)
{
    int x[3];
    for (int i = 0; i < 3; i++)
        x[i] = pick_node(F32);
    struct shape s = graph->node[x[0]]->shape;
    if (s.rank == 0 || s.rows >= 0)
        return;
    for (int i = 1; i < 3; i++)
        if (!shape_equal(&graph->node[x[i]]->shape, &s))
            x[i] = x[0];
    graph_concat(graph, 3, x, pick(s.rank));
}

static void add_take(void)
{
    int x = pick_node(F32);
    struct shape s = graph->node[x]->shape;
    if (s.rank != 2 || s.rows >= 0)
        return;
    struct shape box = shape_of(3, -1, (int64_t[]){1, s.dim[0], s.dim[1]});
    int index = graph_read(graph, variable(VAR_INPUT, I32, shape(2, -1, 1, 2)));
    graph_take(graph, graph_reshape(graph, x, &box), index);
}

static void add_random(void)
{
    static const char *const paths[] = {"a", "b"};
    struct shape s = graph->node[pick_node(F32)]->shape;
    random_node(paths[pick(2)], s);
}

static void make_random_graph(int steps)
{
    static void (*const add[])(void) = {add_map, add_map, add_map, add_map, add_constant,
                                        add_reduction, add_reduction, add_view, add_view,
                                        add_matmul, add_matmul, add_concat, add_take, add_random};
    struct shape s[] = {shape(2, 0, 1, 4), shape(2, -1, 4, 4), shape(2, -1, 4, 3),
                        shape(1, -1, 4, 0), shape(1, -1, 3, 0), shape_scalar(), shape(2, 0, 1, 3)};
    enum { SHAPES = sizeof s / sizeof *s };
    int kept[SHAPES];
    start();
    for (int i = 0; i < SHAPES; i++) {
        input(s[i]);
        kept[i] = variable(VAR_STATE, F32, s[i]);
        graph_read(graph, kept[i]);
    }
    for (int i = 0; i < steps; i++)
        add[pick(sizeof add / sizeof *add)]();
    int loss = variable(VAR_LOSS, F32, shape_scalar());
    int x = pick_node(F32), rank = graph->node[x]->shape.rank;
    struct shape scalar = shape_scalar();
    graph_store(graph, loss, graph_reshape(graph, graph_sum(graph, x, (1u << rank) - 1), &scalar));
    for (int i = 0; i < SHAPES; i++)
        for (int tries = 0; tries < 40; tries++) {
            int value = pick_node(F32);
            if (!shape_equal(&graph->node[value]->shape, &s[i]))
                continue;
            graph_store(graph, kept[i], value);
            break;
        }
}

static void test_random_graphs(void)
{
    const char *count = getenv("PASSES_GRAPHS"); /* more than the usual number */
    state = 12345;
    for (int i = 0; i < (count != NULL ? atoi(count) : 4000); i++) {
        make_random_graph(4 + pick(60));
        if (!check_bits()) {
            printf("random graph %d\n", i);
            return;
        }
    }
}

/* The sum over many random graphs; one alone may be of a few odd bytes. */
static void test_random_memory(void)
{
    int64_t scratch = 0, bound = 0;
    state = 999;
    for (int i = 0; i < 100; i++) {
        make_random_graph(200);
        program->train.rows = 50;
        pass_simplify(graph);
        plan();
        scratch += graph->schedule->scratch_bytes;
        bound += graph->schedule->lower_bound;
        CU_ASSERT(graph->schedule->scratch_bytes >= graph->schedule->lower_bound);
    }
    printf(" [%.1f%% of the bound] ", 100.0 * (double)scratch / (double)bound);
    CU_ASSERT(scratch * 100 <= bound * 110);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("passes", NULL, NULL);
    CU_ADD_TEST(suite, test_dead);
    CU_ADD_TEST(suite, test_common);
    CU_ADD_TEST(suite, test_common_random);
    CU_ADD_TEST(suite, test_fold);
    CU_ADD_TEST(suite, test_fold_types);
    CU_ADD_TEST(suite, test_exact_maps);
    CU_ADD_TEST(suite, test_inexact_maps_stay);
    CU_ADD_TEST(suite, test_powers_of_two);
    CU_ADD_TEST(suite, test_views);
    CU_ADD_TEST(suite, test_broadcasts);
    CU_ADD_TEST(suite, test_reshaped_broadcasts);
    CU_ADD_TEST(suite, test_reshape_rises);
    CU_ADD_TEST(suite, test_unit_axes);
    CU_ADD_TEST(suite, test_streams);
    CU_ADD_TEST(suite, test_stream_collision);
    CU_ADD_TEST(suite, test_exchange);
    CU_ADD_TEST(suite, test_update_in_place);
    CU_ADD_TEST(suite, test_update_elsewhere);
    CU_ADD_TEST(suite, test_view_between);
    CU_ADD_TEST(suite, test_loss_comes_first);
    CU_ADD_TEST(suite, test_rows);
    CU_ADD_TEST(suite, test_long_rows);
    CU_ADD_TEST(suite, test_epilogue);
    CU_ADD_TEST(suite, test_sum_of_products);
    CU_ADD_TEST(suite, test_maps_of_products);
    CU_ADD_TEST(suite, test_constant_operand);
    CU_ADD_TEST(suite, test_flat_gradient);
    CU_ADD_TEST(suite, test_variables);
    CU_ADD_TEST(suite, test_block_hazard);
    CU_ADD_TEST(suite, test_random_graphs);
    CU_ADD_TEST(suite, test_random_memory);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    int failures = (int)CU_get_number_of_failures();
    CU_cleanup_registry();
    if (arena != NULL)
        arena_free(arena);
    return failures != 0;
}
