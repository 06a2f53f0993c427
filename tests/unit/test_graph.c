/* Shapes, builders, text form and gradients of graphs. */
#include <CUnit/Basic.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/chains.h"
#include "graph/loop.h"
#include "graph/op.h"
#include "graph/op_text.h"
#include "passes/pass.h"

static struct arena *arena;
static struct program *program;
static struct graph *graph;

static void start(void)
{
    if (arena)
        arena_free(arena);
    arena = arena_new();
    program = ARENA_NEW(arena, struct program);
    program->arena = arena;
    program->diags = diags_new(arena);
    graph = graph_new(program, "test");
}

static struct shape shape(int rank, int64_t a, int64_t b, int64_t c)
{
    return shape_of(rank, -1, (int64_t[]){a, b, c});
}

static struct shape rows_shape(int rank, int64_t a, int64_t b, int64_t c)
{
    return shape_of(rank, 0, (int64_t[]){a, b, c});
}

static int input(const char *path, struct shape s)
{
    struct span nowhere = {0};
    return graph_read(graph, program_add_variable(program, VAR_INPUT, path, F32, &s, nowhere)->id);
}

static const char *print(const struct graph *g)
{
    struct text text;
    text_init(&text, arena);
    graph_print(g, &text);
    return text.data;
}

static const char *type_of(int id)
{
    const struct node *n = graph_node(graph, id);
    return shape_print(arena, n->dtype, &n->shape);
}

#define CHECK_TEXT(actual, expected)                                                             \
    do {                                                                                         \
        const char *got = (actual);                                                              \
        if (strcmp(got, expected) != 0)                                                          \
            printf("\ngot:\n%s\nwant:\n%s\n", got, expected);                                     \
        CU_ASSERT_STRING_EQUAL(got, expected);                                                   \
    } while (0)

static void test_shapes_print(void)
{
    start();
    struct shape s = rows_shape(2, 1, 64, 0);
    CHECK_TEXT(shape_print(arena, F32, &s), "f32[b, 64]");
    s = rows_shape(2, 3, 4, 0);
    CHECK_TEXT(shape_print(arena, I32, &s), "i32[b*3, 4]");
    s = shape_scalar();
    CHECK_TEXT(shape_print(arena, BOOL, &s), "bool");
    s = shape(3, 2, 3, 4);
    CHECK_TEXT(shape_print(arena, I64, &s), "i64[2, 3, 4]");
    CU_ASSERT_EQUAL(shape_elements(&s), 24);
}

static void check_broadcast(struct shape a, struct shape b, const char *expected)
{
    struct shape result;
    bool fits = shape_broadcast(&a, &b, &result);
    CHECK_TEXT(fits ? shape_print(arena, F32, &result) : "no", expected);
    fits = shape_broadcast(&b, &a, &result);
    CHECK_TEXT(fits ? shape_print(arena, F32, &result) : "no", expected);
}

static void test_shapes_broadcast(void)
{
    start();
    check_broadcast(shape(2, 3, 1, 0), shape(1, 4, 0, 0), "f32[3, 4]");
    check_broadcast(rows_shape(2, 1, 4, 0), shape(1, 4, 0, 0), "f32[b, 4]");
    check_broadcast(rows_shape(2, 1, 4, 0), shape(2, 1, 4, 0), "f32[b, 4]");
    check_broadcast(rows_shape(2, 1, 4, 0), shape(2, 2, 4, 0), "no");
    check_broadcast(rows_shape(2, 2, 4, 0), rows_shape(2, 1, 4, 0), "no");
    check_broadcast(rows_shape(2, 1, 1, 0), rows_shape(1, 1, 0, 0), "no"); /* b by b */
    check_broadcast(shape(2, 3, 4, 0), shape_scalar(), "f32[3, 4]");
    check_broadcast(shape(1, 3, 0, 0), shape(1, 4, 0, 0), "no");
}

/* The nodes made for a sum over `axes` of an input of this shape. */
static void check_sum(struct shape s, uint32_t axes, const char *expected)
{
    start();
    graph_sum(graph, input("x", s), axes);
    CHECK_TEXT(print(graph), expected);
}

static void test_sum_of_suffix_is_one_row(void)
{
    check_sum(shape(3, 2, 3, 4), 6, "graph test\n%0 = read $0:x : f32[2, 3, 4]\n"
                                    "%1 = reshape %0 : f32[2, 12]\n%2 = row_sum %1 : f32[2, 1]\n"
                                    "%3 = reshape %2 : f32[2, 1, 1]\n");
}

static void test_sum_of_leading_axes_is_one_column(void)
{
    check_sum(rows_shape(3, 1, 3, 4), 3,
              "graph test\n%0 = read $0:x : f32[b, 3, 4]\n%1 = reshape %0 : f32[1, b*3, 4]\n"
              "%2 = column_sum %1 : f32[1, 1, 4]\n");
}

static void test_sum_of_outer_and_inner_axis(void)
{
    check_sum(rows_shape(3, 1, 3, 4), 5,
              "graph test\n%0 = read $0:x : f32[b, 3, 4]\n%1 = row_sum %0 : f32[b, 3, 1]\n"
              "%2 = reshape %1 : f32[1, b, 3]\n%3 = column_sum %2 : f32[1, 1, 3]\n"
              "%4 = reshape %3 : f32[1, 3, 1]\n");
}

static void test_sum_counts_axes_of_one(void)
{
    check_sum(shape(2, 3, 1, 0), 2,
              "graph test\n%0 = read $0:x : f32[3, 1]\n%1 = row_sum %0 : f32[3, 1]\n");
    check_sum(shape(2, 3, 1, 0), 1, "graph test\n%0 = read $0:x : f32[3, 1]\n"
                                    "%1 = reshape %0 : f32[1, 3, 1]\n"
                                    "%2 = column_sum %1 : f32[1, 1, 1]\n"
                                    "%3 = reshape %2 : f32[1, 1]\n");
}

static void test_sum_of_separate_axes(void)
{
    start();
    struct shape s = shape_of(4, -1, (int64_t[]){2, 3, 4, 5});
    graph_sum(graph, input("x", s), 5);
    CHECK_TEXT(print(graph),
               "graph test\n%0 = read $0:x : f32[2, 3, 4, 5]\n"
               "%1 = transpose %0 perm=[0, 2, 1, 3] : f32[2, 4, 3, 5]\n"
               "%2 = reshape %1 : f32[1, 8, 15]\n%3 = column_sum %2 : f32[1, 1, 15]\n"
               "%4 = reshape %3 : f32[1, 3, 1, 5]\n");
}

static void test_mean_divides_by_rows(void)
{
    start();
    graph_mean(graph, input("x", rows_shape(2, 1, 4, 0)), 3);
    CHECK_TEXT(print(graph),
               "graph test\n%0 = read $0:x : f32[b, 4]\n%1 = reshape %0 : f32[b*4]\n"
               "%2 = row_sum %1 : f32[1]\n%3 = reshape %2 : f32[1, 1]\n"
               "%4 = step_value rows : i32\n%5 = to_f32 %4 : f32\n%6 = const value=0x1p+2 : f32\n"
               "%7 = mul %5 %6 : f32\n%8 = div %3 %7 : f32[1, 1]\n");
}

static void test_unbroadcast(void)
{
    start();
    int x = input("x", rows_shape(2, 1, 4, 0));
    struct shape bias = shape(1, 4, 0, 0), row = rows_shape(2, 1, 1, 0), one = shape(2, 1, 1, 0);
    CHECK_TEXT(type_of(graph_unbroadcast(graph, x, &bias)), "f32[4]");
    CHECK_TEXT(type_of(graph_unbroadcast(graph, x, &row)), "f32[b, 1]");
    CHECK_TEXT(type_of(graph_unbroadcast(graph, x, &one)), "f32[1, 1]");
    int y = input("y", shape(2, 1, 4, 0));
    int nodes = graph->count;
    struct shape same = shape(2, 1, 4, 0);
    CU_ASSERT_EQUAL(graph_unbroadcast(graph, y, &same), y); /* 1 to 1 is no broadcast */
    CU_ASSERT_EQUAL(graph->count, nodes);
    CHECK_TEXT(type_of(graph_unbroadcast(graph, y, &bias)), "f32[4]"); /* an absent axis is */
    CU_ASSERT_EQUAL(graph_node(graph, graph->count - 3)->op, OP_COLUMN_SUM);
}

static void test_matmul_shapes(void)
{
    start();
    int x = input("x", rows_shape(3, 1, 5, 3)), w = input("w", shape(2, 3, 7, 0));
    int y = graph_matmul(graph, x, w);
    CHECK_TEXT(type_of(y), "f32[b, 5, 7]");
    CHECK_TEXT(type_of(graph_node(graph, y)->operand[0]), "f32[b*5, 7]");
    int t = input("t", rows_shape(3, 1, 3, 7));
    CHECK_TEXT(type_of(graph_matmul(graph, x, t)), "f32[b, 5, 7]");
    int a = input("a", shape(2, 5, 3, 0));
    CHECK_TEXT(type_of(graph_matmul(graph, a, t)), "f32[b, 5, 7]");
    struct shape four = shape_of(4, 0, (int64_t[]){1, 2, 5, 3}), right = four;
    right.dim[2] = 3;
    right.dim[3] = 6;
    CHECK_TEXT(type_of(graph_matmul(graph, input("p", four), input("q", right))),
               "f32[b, 2, 5, 6]");
}

/* Text with every kind of attribute, in canonical form. */
static const char *const all_attributes =
    "graph all\n"
    "%0 = read $0:dense1/w : f32[b, 4]   # m.inv:3\n"
    "%1 = const value=-0x0p+0 : f32\n"
    "%2 = const value=nan : f32\n"
    "%3 = const value=-inf : f32[2, 3]\n"
    "%4 = const list=[0x1p+0, 0x1.99999ap-4, 0x1p-149] : f32[3]   # m.inv:4 < user.inv:9\n"
    "%5 = const whole=-7 : i32\n"
    "%6 = const whole=1 : bool[b]\n"
    "%7 = step_value epoch : i32\n"
    "%8 = position axis=1 : i32[b, 4]\n"
    "%9 = transpose %0 perm=[1, 0] : f32[4, b]\n"
    "%10 = slice %0 start=[0, 1] : f32[b, 2]\n"
    "%11 = pad %10 start=[0, 1] : f32[b, 4]\n"
    "%12 = concat %0 %10 axis=1 : f32[b, 6]\n"
    "%13 = matmul %0 %0 transpose_a : f32[4, 4]   # m.inv:5, gradient of %9\n"
    "%14 = matmul %13 %13 transpose_a transpose_b : f32[4, 4]   # gradient of %9\n"
    "%15 = random_normal path=\"drop/1\" domain=step : f32[b, 4]\n"
    "%16 = random_integer whole=10 path=\"y\" domain=init stream=0x00000abc : i32[100]\n"
    "%17 = random_keep path=\"drop\" domain=init probability=0x1.99999ap-3 : bool[4]\n"
    "%18 = read $1:sample : i32[b]\n"
    "%19 = random_uniform %18 path=\"flip\" domain=sample : f32[b, 2]\n"
    "%20 = store %0 $0:dense1/w : f32[b, 4]   # < user.inv:9\n";

static void test_text_round_trip(void)
{
    start();
    struct span nowhere = {0};
    struct shape x = rows_shape(2, 1, 4, 0), sample = rows_shape(1, 1, 0, 0);
    program_add_variable(program, VAR_INPUT, "dense1/w", F32, &x, nowhere);
    program_add_variable(program, VAR_SAMPLE, "sample", I32, &sample, nowhere);
    const char *error;
    struct graph *read = graph_read_text(program, all_attributes, &error);
    CU_ASSERT_PTR_NULL(error);
    if (error)
        printf("%s\n", error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(read);
    graph_verify(read, "reading");
    CHECK_TEXT(print(read), all_attributes);
    CU_ASSERT_EQUAL(graph_node(read, 14)->forward, 9);
    CU_ASSERT_EQUAL(graph_node(read, 4)->call.line, 9);
}

/* A loop in a loop: what depends on no turn, %2, is outside of both. */
static const char *const nested_loops =
    "graph all\n"
    "loop 0 turns=5   # m.inv:3 < user.inv:9\n"
    "loop 1 turns=2 reverse outer=0\n"
    "%0 = const value=0x1p+0 : f32[5, b, 2]\n"
    "%1 = const value=0x0p+0 : f32[b, 2]\n"
    "%2 = exp %1 : f32[b, 2]\n"
    "%3 = turn %0 loop=0 : f32[b, 2]\n"
    "%4 = carry %1 loop=0 : f32[b, 2]\n"
    "%5 = carry %4 loop=1 : f32[b, 2]\n"
    "%6 = mul %5 %3 : f32[b, 2]\n"
    "%7 = keep %6 %5 loop=1 : f32[b, 2]\n"
    "%8 = last %7 loop=1 : f32[b, 2]\n"
    "%9 = add %8 %2 : f32[b, 2]\n"
    "%10 = keep %9 %4 loop=0 : f32[b, 2]\n"
    "%11 = stack %6 loop=1 : f32[2, b, 2]\n"
    "%12 = stack %11 loop=0 : f32[5, 2, b, 2]\n";

static void test_loops(void)
{
    static const int at[] = {-1, -1, -1, 0, 0, 1, 1, 1, 0, 0, 0, 0, -1};
    static const int runs[] = {-1, -1, -1, 0, -1, 0, 1, 1, 0, 0, 0, 1, 0};
    const char *error;
    start();
    struct graph *read = graph_read_text(program, nested_loops, &error);
    if (error)
        printf("%s\n", error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(read);
    graph_verify(read, "reading");
    CHECK_TEXT(print(read), nested_loops);
    struct loops loops = loops_of(read, arena);
    for (int id = 0; id < read->count; id++) {
        CU_ASSERT_EQUAL(loops.at[id], at[id]);
        CU_ASSERT_EQUAL(loops.runs[id], runs[id]);
        CU_ASSERT_EQUAL(loops.keep[id], id == 4 ? 10 : id == 5 ? 7 : -1);
    }
}

static void test_loop_problems(void)
{
    static const struct { const char *text; int node; const char *problem; } wrong[] = {
        {"%2 = carry %1 loop=0 : f32[2]\n", 2, "a carry has no keep"},
        {"%2 = carry %1 loop=0 : f32[2]\n%3 = keep %1 %2 loop=0 : f32[2]\n"
         "%4 = keep %2 %2 loop=0 : f32[2]\n", 3, "a carry has two keeps"},
        {"%2 = turn %0 loop=0 : f32[2]\n%3 = turn %0 loop=1 : f32[2]\n%4 = add %2 %3 : f32[2]\n",
         4, "an operand stands in another loop"},
        {"%2 = turn %0 loop=0 : f32[2]\n%3 = carry %2 loop=0 : f32[2]\n"
         "%4 = keep %2 %3 loop=0 : f32[2]\n", 3, "an operand stands in another loop"},
        {"%2 = turn %0 loop=0 : f32[2]\n%3 = stack %2 loop=0 : f32[3, 2]\n"
         "%4 = turn %3 loop=0 : f32[2]\n", 4, "a node of a loop depends on what comes after it"},
        {"%2 = turn %0 loop=0 : f32[2]\n%3 = store %2 $0:v : f32[2]\n", 3,
         "a variable is stored in a loop"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *error;
        int node = -1;
        start();
        input("v", shape(1, 2, 0, 0));
        const char *text = arena_printf(arena, "graph x\nloop 0 turns=3\nloop 1 turns=3\n"
                                        "%%0 = const value=0x1p+0 : f32[3, 2]\n"
                                        "%%1 = const value=0x1p+0 : f32[2]\n%s", wrong[i].text);
        struct graph *read = graph_read_text(program, text, &error);
        if (error)
            printf("%s\n", error);
        CU_ASSERT_PTR_NOT_NULL_FATAL(read);
        const char *problem = loops_problem(read, &node);
        CHECK_TEXT(problem ? problem : "none", wrong[i].problem);
        CU_ASSERT_EQUAL(node, wrong[i].node);
    }
}

/* What a carry that is read keeps is not dead; a loop that nobody needs is. */
static void test_dead_loops(void)
{
    start();
    int x = input("x", shape(2, 3, 2, 0)), h = input("h", shape(1, 2, 0, 0));
    int unused = graph_add_loop(graph, 3, true, -1), loop = graph_add_loop(graph, 3, false, -1);
    graph_stack(graph, unused, graph_turn(graph, unused, x));
    int carry = graph_carry(graph, loop, h), all = graph_stack(graph, loop, carry);
    int dead = graph_carry(graph, loop, h);
    graph_keep(graph, graph_unary(graph, OP_EXP, dead), dead);
    graph_keep(graph, graph_binary(graph, OP_MUL, carry, graph_turn(graph, loop, x)), carry);
    struct shape whole = shape(2, 3, 2, 0);
    struct span nowhere = {0};
    int y = program_add_variable(program, VAR_OUTPUT, "y", F32, &whole, nowhere)->id;
    graph_store(graph, y, all);
    graph_drop_dead(graph);
    graph_verify(graph, "drop_dead");
    CHECK_TEXT(print(graph), "graph test\nloop 0 turns=3\n%0 = read $0:x : f32[3, 2]\n"
                             "%1 = read $1:h : f32[2]\n%2 = carry %1 loop=0 : f32[2]\n"
                             "%3 = stack %2 loop=0 : f32[3, 2]\n%4 = turn %0 loop=0 : f32[2]\n"
                             "%5 = mul %2 %4 : f32[2]\n%6 = keep %5 %2 loop=0 : f32[2]\n"
                             "%7 = store %3 $2:y : f32[3, 2]\n");
}

static void test_text_errors(void)
{
    static const char *const wrong[][2] = {
        {"graph x\n%1 = const value=0x1p+0 : f32\n", "line 2: node ids must ascend from 0 by 1"},
        {"graph x\n%0 = blur : f32\n", "line 2: unknown operator"},
        {"graph x\n%0 = read $5:y : f32\n", "line 2: read: there is no such variable"},
        {"graph x\n%0 = const value=1 : f32\n%1 = exp %0 : f32[2]\n",
         "line 3: exp gives f32, not f32[2]"},
        {"graph x\n%0 = const value=1 : f32\n%1 = exp %1 : f32\n",
         "line 3: exp: an operand does not stand before"},
        {"graph x\n%0 = const value=1 f32\n", "line 2: expected ':' at 'f32\n'"},
        {"%0 = const value=1 : f32\n", "line 1: expected 'graph ' at '%0 = const v'"},
        {"graph x\n%0 = const value=1 : f32[0]\n", "line 2: const: an axis is empty"},
        {"graph x\nloop 1 turns=2\n", "line 2: loops must be numbered from 0 on"},
        {"graph x\nloop 0 turns=2 outer=0\n",
         "line 2: a loop has a turn at least, and one around it stands before it"},
        {"graph x\n%0 = const value=1 : f32[2]\n%1 = turn %0 loop=0 : f32\n",
         "line 3: turn: there is no such loop"},
        {"graph x\nloop 0 turns=3\n%0 = const value=1 : f32[2]\n%1 = turn %0 loop=0 : f32\n",
         "line 4: turn: the first axis is not that of the loop's turns"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *error;
        start();
        CU_ASSERT_PTR_NULL(graph_read_text(program, wrong[i][0], &error));
        CHECK_TEXT(error ? error : "none", wrong[i][1]);
    }
}

static void test_same(void)
{
    start();
    int plus = graph_const(graph, 0.0f), minus = graph_const(graph, -0.0f);
    int again = graph_const(graph, 0.0f), nan = graph_const(graph, NAN);
    CU_ASSERT_TRUE(node_same(graph_node(graph, plus), graph_node(graph, again)));
    CU_ASSERT_FALSE(node_same(graph_node(graph, plus), graph_node(graph, minus)));
    CU_ASSERT_TRUE(node_same(graph_node(graph, nan), graph_node(graph, nan)));
    int x = input("x", shape(3, 2, 2, 2));
    int a = graph_transpose(graph, x, (int[]){1, 0, 2});
    int b = graph_transpose(graph, x, (int[]){2, 1, 0});
    CU_ASSERT_FALSE(node_same(graph_node(graph, a), graph_node(graph, b)));
    b = graph_transpose(graph, x, (int[]){1, 0, 2});
    CU_ASSERT_TRUE(node_same(graph_node(graph, a), graph_node(graph, b)));
}

/* y used by three consumers: contributions fold left in the order of the consumers. */
/* Scalars of constants and step values, and what is made of them, are one node each. */
static void test_shared_scalars(void)
{
    struct chains scalars;
    struct shape one = shape_scalar(), row = shape(1, 3, 0, 0);
    struct attr step = {.step_value = VALUE_STEP};
    start();
    chains_init(&scalars, arena);
    int before = graph_const(graph, 2), x = input("x", one);
    graph->scalars = &scalars;
    int two = graph_const(graph, 2), at = graph_add_shaped(graph, OP_STEP_VALUE, 0, NULL, &step,
                                                           I32, &one);
    int real = graph_to(graph, F32, at), product = graph_binary(graph, OP_MUL, two, real);
    int count = graph->count;
    CU_ASSERT_NOT_EQUAL(two, before);
    CU_ASSERT_EQUAL(graph_const(graph, 2), two);
    CU_ASSERT_EQUAL(graph_add_shaped(graph, OP_STEP_VALUE, 0, NULL, &step, I32, &one), at);
    CU_ASSERT_EQUAL(graph_binary(graph, OP_MUL, two, graph_to(graph, F32, at)), product);
    CU_ASSERT_EQUAL(graph->count, count);
    CU_ASSERT_NOT_EQUAL(graph_binary(graph, OP_MUL, real, two), product);
    CU_ASSERT_NOT_EQUAL(graph_const(graph, -2), two);
    CU_ASSERT_NOT_EQUAL(graph_fill(graph, 2, &row), graph_fill(graph, 2, &row));
    CU_ASSERT_NOT_EQUAL(graph_unary(graph, OP_NEG, x), graph_unary(graph, OP_NEG, x));
    graph->region = 1;
    CU_ASSERT_NOT_EQUAL(graph_const(graph, 2), two);
    graph->region = 0;
    graph_cut(graph, two);
    CU_ASSERT_EQUAL(graph_const(graph, 3), two);
    CU_ASSERT_EQUAL(graph_const(graph, 2), two + 1);
    graph_verify(graph, "sharing");
}

static void test_gradient_folds_in_order(void)
{
    start();
    int x = input("x", shape_scalar());
    int y = graph_unary(graph, OP_EXP, x);
    int product = graph_binary(graph, OP_MUL, y, y);
    int sum = graph_binary(graph, OP_ADD, product, y);
    int gradient;
    pass_grad(graph, sum, &x, 1, &gradient);
    graph_verify(graph, "grad");
    CHECK_TEXT(print(graph), "graph test\n%0 = read $0:x : f32\n%1 = exp %0 : f32\n"
                             "%2 = mul %1 %1 : f32\n%3 = add %2 %1 : f32\n"
                             "%4 = const value=0x1p+0 : f32   # gradient of %3\n"
                             "%5 = mul %4 %1 : f32   # gradient of %2\n"
                             "%6 = mul %4 %1 : f32   # gradient of %2\n"
                             "%7 = add %5 %6 : f32   # gradient of %1\n"
                             "%8 = add %7 %4 : f32   # gradient of %1\n"
                             "%9 = mul %8 %1 : f32   # gradient of %1\n");
    CU_ASSERT_EQUAL(gradient, 9);
}

static void test_gradient_stops(void)
{
    start();
    int x = input("x", shape_scalar()), other = input("other", shape_scalar());
    int held = graph_unary(graph, OP_STOP_GRADIENT, x);
    int loss = graph_binary(graph, OP_MUL, held, graph_unary(graph, OP_FLOOR, x));
    int gradient[2], nodes = graph->count;
    pass_grad(graph, loss, (int[]){x, other}, 2, gradient);
    CU_ASSERT_EQUAL(gradient[0], -1);
    CU_ASSERT_EQUAL(gradient[1], -1);
    CU_ASSERT_EQUAL(graph->count, nodes);
}

/* Nothing is made for operands that no wanted node reaches. */
static void test_gradient_of_wanted_only(void)
{
    start();
    int w = input("w", shape(2, 3, 4, 0)), x = input("x", rows_shape(2, 1, 3, 0));
    int loss = graph_sum(graph, graph_matmul(graph, x, w), 3);
    struct shape scalar = shape_scalar();
    loss = graph_reshape(graph, loss, &scalar);
    int gradient, products = 0;
    pass_grad(graph, loss, &w, 1, &gradient);
    for (int i = 0; i < graph->count; i++)
        products += graph_node(graph, i)->op == OP_MATMUL;
    CU_ASSERT_EQUAL(products, 2);
    CHECK_TEXT(type_of(gradient), "f32[3, 4]");
}

/* The fields that ops.def and docs/operators.md rely on. */
static void test_operator_table(void)
{
    for (int i = 0; i < OP_COUNT; i++) {
        const struct op_def *def = op_def((enum op)i);
        CU_ASSERT_EQUAL(op_find(def->stem), i);
        CU_ASSERT_PTR_NOT_NULL_FATAL(def->doc);
        CU_ASSERT_PTR_NOT_NULL_FATAL(def->formula);
        CU_ASSERT_PTR_NOT_NULL_FATAL(def->infer);
        CU_ASSERT_EQUAL(def->derivative != NULL, def->gradient != NULL);
        CU_ASSERT(def->work || class_def(def->class)->work);
        int alone = 0;
#define ATTRIBUTE(...)
#define ALONE(enumerator, ...) alone += (def->attributes & ATTR_##enumerator) != 0;
#include "graph/attributes.def"
        CU_ASSERT(alone <= 1);
    }
    CU_ASSERT_EQUAL(op_find("blur"), -1);
}

/* docs/operators.md is what `invar operators` prints; UPDATE_GOLDEN=1 rewrites it. */
static void test_operator_reference(void)
{
    const char *path = INVAR_SOURCE_DIR "/docs/operators.md";
    struct text text;
    start();
    text_init(&text, arena);
    op_print_reference(&text);
    FILE *file = fopen(path, getenv("UPDATE_GOLDEN") ? "w+b" : "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    if (getenv("UPDATE_GOLDEN"))
        fwrite(text.data, 1, text.size, file);
    rewind(file);
    char *page = arena_alloc(arena, text.size + 1);
    bool same = fread(page, 1, text.size + 1, file) == text.size &&
                memcmp(page, text.data, text.size) == 0;
    if (!same)
        puts("\ndocs/operators.md is not what `invar operators` prints; renew it by "
             "UPDATE_GOLDEN=1 BUILD/tests/test_graph");
    CU_ASSERT(same);
    fclose(file);
}

/* Has the page a line that begins so and names the function as a word of its own? */
static bool page_names(const char *page, const char *start, const char *function)
{
    size_t size = strlen(function);
    for (const char *at = page; (at = strstr(at, function)) != NULL; at += size) {
        const char *line = at;
        while (line > page && line[-1] != '\n')
            line--;
        if (strncmp(line, start, strlen(start)) == 0 && at > line &&
            !isalnum((unsigned char)at[-1]) && !isalnum((unsigned char)at[size]))
            return true;
    }
    return false;
}

static char *read_page(const char *name)
{
    enum { PAGE_MAX = 1 << 20 };
    FILE *file = fopen(arena_printf(arena, INVAR_SOURCE_DIR "/%s", name), "rb");
    char *page = arena_alloc(arena, PAGE_MAX);
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    size_t size = fread(page, 1, PAGE_MAX - 1, file);
    CU_ASSERT(size < PAGE_MAX - 1);
    page[size] = '\0';
    fclose(file);
    return page;
}

/* Every elementary function stands in the pages' tables. */
static void test_functions_in_pages(void)
{
    static const char *const functions[] = {
#define X(...)
#define FUNCTION(name, stem) #stem,
#include "graph/ops.def"
#undef X
    };
    static const struct { const char *name, *start, *what; } pages[] = {
        {"docs/language.md", "| `", "in the table of operators"},
        {"docs/numerics.md", "| ", "in the tables of methods and of worst errors, section 7"},
        {"docs/numerics.md", "    ", "in the formulas of section 7"},
    };
    start();
    for (size_t p = 0; p < sizeof pages / sizeof *pages; p++) {
        char *page = read_page(pages[p].name);
        for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
            bool named = page_names(page, pages[p].start, functions[i]);
            if (!named)
                printf("\n%s lacks the function '%s' %s\n", pages[p].name, functions[i],
                       pages[p].what);
            CU_ASSERT(named);
        }
    }
}

int main(void)
{
    static CU_TestInfo tests[] = {
        {"shapes print", test_shapes_print},
        {"shapes broadcast", test_shapes_broadcast},
        {"sum of a suffix", test_sum_of_suffix_is_one_row},
        {"sum of leading axes", test_sum_of_leading_axes_is_one_column},
        {"sum of outer and inner axis", test_sum_of_outer_and_inner_axis},
        {"sum counts axes of 1", test_sum_counts_axes_of_one},
        {"sum of separate axes", test_sum_of_separate_axes},
        {"mean divides by rows", test_mean_divides_by_rows},
        {"unbroadcast", test_unbroadcast},
        {"matmul shapes", test_matmul_shapes},
        {"text round trip", test_text_round_trip},
        {"text errors", test_text_errors},
        {"loops", test_loops},
        {"what is wrong with loops", test_loop_problems},
        {"dead loops", test_dead_loops},
        {"same nodes", test_same},
        {"shared scalars", test_shared_scalars},
        {"gradient folds in order", test_gradient_folds_in_order},
        {"gradient stops", test_gradient_stops},
        {"gradient of wanted only", test_gradient_of_wanted_only},
        {"operator table", test_operator_table},
        {"operator reference", test_operator_reference},
        {"functions in pages", test_functions_in_pages},
        CU_TEST_INFO_NULL,
    };
    CU_SuiteInfo suites[] = {{"graph", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return 2;
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures > 0;
}
