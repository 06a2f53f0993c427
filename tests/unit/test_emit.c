/* Emission: templates, numbers, names; then graphs of every class as C, compiled and run.  Each
 * is emitted twice: as the passes schedule it, and with every node a group of its own in memory
 * of its own.  Both must leave the same bits in every report, for whole and partial batches,
 * and however the work is split.  Groups share a function only where storage overlaps alike. */
#include <CUnit/Basic.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "emit/code.h"
#include "emit/emit.h"
#include "emit/share.h"
#include "emit/template.h"
#include "emit/text.h"
#include "graph/op.h"
#include "passes/pass.h"

static struct arena *arena;
static const struct span nowhere;

/* ---- templates ---- */

static const char *render(const char *template, const struct values *values)
{
    struct text text;
    text_init(&text, arena);
    text_puts(&text, "");
    template_render_text("test", template, values, &text);
    return text.data ? text.data : "";
}

static void test_template(void)
{
    arena = arena_new();
    struct values *values = values_new(arena);
    values_set(values, "name", "relu");
    values_set(values, "empty", "");
    values_set(values, "lines", "a\nb\n");
    CU_ASSERT_STRING_EQUAL(render("f_${name}(x)\n", values), "f_relu(x)\n");
    CU_ASSERT_STRING_EQUAL(render("    ${empty}\n\nend\n", values), "\nend\n");
    CU_ASSERT_STRING_EQUAL(render("x ${empty}\n", values), "x \n");
    CU_ASSERT_STRING_EQUAL(render("${lines}\nc\n", values), "a\nb\nc\n");
    CU_ASSERT_STRING_EQUAL(render("$${name} $x\n", values), "${name} $x\n");
    CU_ASSERT_STRING_EQUAL(render("@each none\nx\n@end\n", values), "");
    for (int i = 0; i < 2; i++) {
        struct values *item = values_add_item(values, "row");
        values_printf(item, "name", "row%d", i);
        for (int j = 0; j < 2; j++)
            values_printf(values_add_item(item, "cell"), "cell", "%d", j);
    }
    CU_ASSERT_STRING_EQUAL(
        render("@each row\n${name}:\n@each cell\n ${name}.${cell}\n@end\n@end\n${name}\n", values),
        "row0:\n row0.0\n row0.1\nrow1:\n row1.0\n row1.1\nrelu\n");
    arena_free(arena);
}

/* ---- statements ---- */

static const char *print(const struct code *code, const char *mark)
{
    struct text text;
    text_init(&text, arena);
    code_print(code, 1, mark, &text);
    return text.data;
}

static void test_code(void)
{
    arena = arena_new();
    struct code line, inner, outer;
    code_init(&line, arena);
    code_init(&inner, arena);
    code_init(&outer, arena);
    code_line(&line, "x[%d] = 0;", 3);
    CU_ASSERT_STRING_EQUAL(print(&line, "MARK"), "    x[3] = 0;\n");
    code_loop(&inner, "for (j)", &line, false);
    code_line(&line, "y = 1;");         /* the loop has what stood there before */
    CU_ASSERT_STRING_EQUAL(print(&inner, NULL), "    for (j)\n        x[3] = 0;\n");
    code_block(&outer, "if (z)", &inner);
    code_append(&outer, &line);
    CU_ASSERT_STRING_EQUAL(print(&outer, "MARK"),
                           "    if (z) {\n        MARK\n        for (j)\n"
                           "            x[3] = 0;\n    }\n    x[3] = 0;\n    y = 1;\n");
    code_init(&inner, arena);
    code_loop(&inner, "for (k)", &line, true);
    CU_ASSERT_STRING_EQUAL(print(&inner, "MARK"),
                           "    MARK ROLLED\n    for (k) {\n        x[3] = 0;\n"
                           "        y = 1;\n    }\n");
    arena_free(arena);
}

/* ---- numbers and names ---- */

static void test_floats(void)
{
    arena = arena_new();
    CU_ASSERT_STRING_EQUAL(emit_float(arena, 0.1f), "0.1f");
    CU_ASSERT_STRING_EQUAL(emit_float(arena, 1.0f), "1.0f");
    CU_ASSERT_STRING_EQUAL(emit_float(arena, -0.0f), "-0.0f");
    CU_ASSERT_STRING_EQUAL(emit_float(arena, 1e-7f), "1e-07f");
    CU_ASSERT_STRING_EQUAL(emit_float(arena, (float)INFINITY), "INV_INFINITY");
    CU_ASSERT_STRING_EQUAL(emit_float(arena, (float)NAN), "INV_NAN");
    uint32_t bits = 1;
    for (int i = 0; i < 20000; i++) {
        bits = bits * 1664525u + 1013904223u;
        float value, back;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        back = strtof(emit_float(arena, value), NULL);
        CU_ASSERT_EQUAL_FATAL(memcmp(&value, &back, sizeof value), 0);
    }
    arena_free(arena);
}

static void test_names(void)
{
    arena = arena_new();
    CU_ASSERT_STRING_EQUAL(emit_identifier(arena, "dense1/w"), "dense1_w");
    CU_ASSERT_STRING_EQUAL(emit_identifier(arena, "x"), "x");
    CU_ASSERT_STRING_EQUAL(emit_identifier(arena, "i"), "i_");
    CU_ASSERT_STRING_EQUAL(emit_identifier(arena, "float"), "float_");
    CU_ASSERT_STRING_EQUAL(emit_identifier(arena, "add_12"), "add_12_");
    CU_ASSERT_STRING_EQUAL(emit_identifier(arena, "0"), "v0");
    CU_ASSERT_STRING_EQUAL(emit_identifier(arena, "\xc3\xa4"), "v__");
    CU_ASSERT_STRING_EQUAL(emit_string(arena, "a\"\\\n\xc3"), "\"a\\\"\\\\\\012\\303\"");
    CU_ASSERT_STRING_EQUAL(emit_extent(arena, (struct extent){.constant = 3}), "3");
    CU_ASSERT_STRING_EQUAL(emit_comment(arena, "for \"**/bias\" /* {\n"),
                           "for \"** /bias\" / * { ");
    const char *rows = emit_extent(arena, (struct extent){.constant = 3, .rows = 2});
    CU_ASSERT_STRING_EQUAL(rows, "2 * b + 3");
    CU_ASSERT(emit_names_rows(rows));
    CU_ASSERT(emit_names_rows("x[i] /* a */ = y[b];"));
    CU_ASSERT_FALSE(emit_names_rows("abs_b1 = b_n + a_b /* of a, b */;"));
    arena_free(arena);
}

/* ---- graphs ---- */

static struct program *program;
static struct graph *graph;

static struct shape shape(int rank, int rows, int64_t a, int64_t b, int64_t c, int64_t d)
{
    return shape_of(rank, rows, (int64_t[]){a, b, c, d});
}

static int add_variable(enum variable_kind kind, enum dtype dtype, struct shape s)
{
    const char *path = arena_printf(arena, "%s/v%d", kind == VAR_INPUT ? "input" : "report",
                                    program->variable_count);
    return program_add_variable(program, kind, path, dtype, &s, nowhere)->id;
}

static int input(struct shape s)
{
    return graph_read(graph, add_variable(VAR_INPUT, F32, s));
}

static int classes(struct shape s)
{
    return graph_read(graph, add_variable(VAR_INPUT, I32, s));
}

static void output(int value)
{
    const struct node *node = graph_node(graph, value);
    graph_store(graph, add_variable(VAR_REPORT, node->dtype, node->shape), value);
}

static int op1(enum op op, int a)
{
    return graph_unary(graph, op, a);
}

static int op2(enum op op, int a, int b)
{
    return graph_binary(graph, op, a, b);
}

static int number(float value)
{
    return graph_const(graph, value);
}

static void case_map(void)
{
    int x = input(shape(2, 0, 1, 7, 0, 0)), row = input(shape(2, 0, 1, 1, 0, 0));
    int column = input(shape(1, -1, 7, 0, 0, 0));
    int y = op2(OP_MUL, op2(OP_ADD, x, column), op1(OP_EXP, row));
    output(y);
    output(op2(OP_MAX, op1(OP_SQUARE, y), op2(OP_SUB, number(0.5f), x)));
    output(graph_select(graph, op2(OP_LT, x, column), x, op1(OP_NEG, y)));
    output(op1(OP_TANH, op2(OP_DIV, row, number(3.0f))));
    output(op2(OP_POWI, x, graph_const_whole(graph, I32, 3)));
}

static void case_views(void)
{
    int x = input(shape(3, 0, 1, 4, 6, 0));
    int swapped = graph_transpose(graph, x, (int[]){0, 2, 1});
    struct shape half = shape(3, 0, 1, 3, 4, 0);
    int part = graph_slice(graph, swapped, (int64_t[]){0, 2, 0}, &half);
    output(part);
    output(op2(OP_ADD, part, number(1.0f)));
    struct shape flat = shape(2, 0, 1, 12, 0, 0);
    int y = op1(OP_ABS, graph_reshape(graph, part, &flat));
    output(y);
    int z = graph_transpose(graph, y, (int[]){1, 0});
    output(op2(OP_MUL, z, z));
    struct shape wide = shape(4, 1, 2, 1, 3, 4);
    output(graph_broadcast(graph, op1(OP_NEG, part), &wide));
}

static void case_softmax(void)
{
    int x = input(shape(2, 0, 1, 9, 0, 0)), y = classes(shape(1, 0, 1, 0, 0, 0));
    int d = op2(OP_SUB, x, graph_max(graph, x, 2));
    int e = op1(OP_EXP, d), s = graph_sum(graph, e, 2);
    int logs = op2(OP_SUB, d, op1(OP_LOG, s));
    output(op2(OP_DIV, e, s));
    int hot = graph_to(graph, F32, graph_one_hot(graph, y, 9));
    int loss = graph_mean(graph, op1(OP_NEG, graph_sum(graph, op2(OP_MUL, hot, logs), 2)), 3);
    output(loss);
    output(graph_argmax(graph, x, 2));
    output(graph_min(graph, x, 3));
}

static void case_norm(void)
{
    int x = input(shape(3, 0, 1, 3, 40, 0)), scale = input(shape(1, -1, 40, 0, 0, 0));
    int centred = op2(OP_SUB, x, graph_mean(graph, x, 4));
    int deviation = op1(OP_RSQRT, op2(OP_ADD, graph_mean(graph, op1(OP_SQUARE, centred), 4),
                                      number(1e-5f)));
    output(op2(OP_MUL, op2(OP_MUL, centred, deviation), scale));
}

static void case_long_rows(void)
{
    int x = input(shape(2, -1, 3, 9000, 0, 0));
    int s = graph_sum(graph, op1(OP_SQUARE, x), 2);
    output(op2(OP_DIV, x, op1(OP_SQRT, s)));
    output(graph_sum(graph, x, 3));
}

static void case_columns(void)
{
    int x = input(shape(2, 0, 1, 70, 0, 0)), g = input(shape(2, 0, 1, 70, 0, 0));
    output(graph_sum(graph, op2(OP_MUL, x, g), 1));
    output(graph_sum(graph, x, 1));
    int y = input(shape(3, -1, 3, 5, 6, 0));
    output(graph_sum(graph, y, 2));
    output(graph_sum(graph, op1(OP_EXP, y), 2));
    output(graph_sum(graph, graph_transpose(graph, y, (int[]){2, 0, 1}), 1));
    output(graph_mean(graph, x, 3));
    int hits = op2(OP_GT, x, g);
    output(graph_count_true(graph, hits, 1));
    output(graph_count_true(graph, hits, 3));
}

static void case_contract(void)
{
    int x = input(shape(2, 0, 1, 20, 0, 0)), w = input(shape(2, -1, 20, 33, 0, 0));
    int bias = input(shape(1, -1, 33, 0, 0, 0));
    int h = op2(OP_MAX, number(0.0f), op2(OP_ADD, graph_matmul(graph, x, w), bias));
    output(h);
    output(graph_matmul(graph, graph_transpose(graph, x, (int[]){1, 0}), h));
    output(op2(OP_MUL, number(0.5f), graph_matmul(graph, x, op1(OP_NEG, w))));
    int one = input(shape(2, -1, 33, 1, 0, 0));
    output(graph_matmul(graph, h, one));
    int narrow = graph_matmul(graph, graph_transpose(graph, w, (int[]){1, 0}),
                              graph_transpose(graph, x, (int[]){1, 0}));
    output(op2(OP_ADD, narrow, narrow));
}

static void case_pages(void)
{
    int q = input(shape(3, 0, 1, 5, 8, 0)), k = input(shape(3, 0, 1, 6, 8, 0));
    int v = input(shape(3, 0, 1, 6, 4, 0));
    int scores = op2(OP_MUL, number(0.25f),
                     graph_matmul(graph, q, graph_transpose(graph, k, (int[]){0, 2, 1})));
    int e = op1(OP_EXP, op2(OP_SUB, scores, graph_max(graph, scores, 4)));
    int p = op2(OP_DIV, e, graph_sum(graph, e, 4));
    output(graph_matmul(graph, p, v));
    output(scores);
    int w = input(shape(2, -1, 8, 8, 0, 0));
    output(op1(OP_TANH, graph_matmul(graph, q, w)));
}

static void case_indexed(void)
{
    int table = input(shape(3, -1, 1, 5, 6, 0)), at = classes(shape(2, 1, 1, 1, 0, 0));
    int rows = graph_take(graph, table, at);
    output(op1(OP_NEG, rows));
    output(graph_segment(graph, OP_SCATTER_ADD, rows, at, 5));
    int pages = input(shape(3, 0, 1, 4, 1, 0)), pick = classes(shape(2, 0, 1, 3, 0, 0));
    int picked = graph_take(graph, pages, pick);
    output(picked);
    output(graph_segment(graph, OP_SCATTER_ADD, op1(OP_SQUARE, picked), pick, 4));
}

static void case_pieces(void)
{
    int a = input(shape(2, -1, 3, 4, 0, 0)), b = input(shape(1, -1, 5, 0, 0, 0));
    struct shape twelve = shape(1, -1, 12, 0, 0, 0);
    int flat = graph_reshape(graph, op1(OP_NEG, a), &twelve);
    int whole = graph_concat(graph, 3, (int[]){flat, b, op1(OP_EXP, b)}, 0);
    output(op2(OP_MUL, whole, whole));
    int x = input(shape(2, 0, 1, 4, 0, 0)), y = input(shape(2, 0, 1, 2, 0, 0));
    output(graph_concat(graph, 3, (int[]){x, op1(OP_ABS, y), x}, 1));
    struct shape padded = shape(3, 0, 1, 9, 5, 0), small = shape(3, 0, 1, 4, 2, 0);
    output(graph_pad(graph, input(small), (int64_t[]){0, 3, 1}, &padded));
    struct shape tall = shape(2, -1, 9, 4, 0, 0);
    output(graph_pad(graph, a, (int64_t[]){4, 0}, &tall));
}

static int draw(enum op op, enum random_domain domain, const char *path, enum dtype dtype,
                struct shape s, int sample)
{
    struct attr attr = {.path = path, .domain = domain, .whole = 10, .probability = 0.25f};
    return graph_add_shaped(graph, op, domain == DOMAIN_SAMPLE, &sample, &attr, dtype, &s);
}

static void case_random(void)
{
    struct shape batch = shape(2, 0, 1, 7, 0, 0), odd = shape(2, -1, 3, 5, 0, 0);
    int x = input(batch), sample = classes(shape(1, 0, 1, 0, 0, 0));
    int keep = draw(OP_RANDOM_KEEP, DOMAIN_STEP, "drop", BOOL, batch, -1);
    output(graph_select(graph, keep, op2(OP_MUL, x, number(1.25f)), number(0.0f)));
    output(draw(OP_RANDOM_UNIFORM, DOMAIN_INIT, "u", F32, odd, -1));
    output(draw(OP_RANDOM_NORMAL, DOMAIN_STEP, "n", F32, batch, -1));
    output(draw(OP_RANDOM_TRUNCATED_NORMAL, DOMAIN_INIT, "t", F32, odd, -1));
    output(draw(OP_RANDOM_INTEGER, DOMAIN_SAMPLE, "i", I32, batch, sample));
    output(draw(OP_RANDOM_NORMAL, DOMAIN_SAMPLE, "s", F32, batch, sample));
    output(draw(OP_RANDOM_PERMUTATION, DOMAIN_INIT, "p", I32, shape(1, -1, 11, 0, 0, 0), -1));
}

static void case_constants(void)
{
    static const float list[6] = {1.5f, -0.0f, 3.0f, 0x1p-140f, -5.0f, 6.0f};
    struct shape six = shape(2, -1, 2, 3, 0, 0);
    struct attr attr = {.list = list};
    int table = graph_add_shaped(graph, OP_CONST, 0, NULL, &attr, F32, &six);
    int x = input(shape(3, 0, 1, 2, 3, 0));
    output(op2(OP_MUL, x, table));
    output(graph_transpose(graph, op2(OP_ADD, table, table), (int[]){1, 0}));
    output(graph_sum(graph, graph_fill(graph, 0.1f, &six), 3));
    struct attr steps = {.step_value = VALUE_STEP}, rows = {.step_value = VALUE_ROWS};
    int step = graph_add(graph, OP_STEP_VALUE, 0, NULL, &steps);
    output(op2(OP_MUL, graph_to(graph, F32, step), number(0.1f)));
    output(graph_to(graph, F32, graph_add(graph, OP_STEP_VALUE, 0, NULL, &rows)));
    struct attr axis = {.axis = 1};
    struct shape grid = shape(3, 0, 1, 2, 3, 0);
    output(graph_add_shaped(graph, OP_POSITION, 0, NULL, &axis, I32, &grid));
}

/* A dense network, its loss and its gradients. */
static void case_training(void)
{
    int x = input(shape(2, 0, 1, 11, 0, 0)), y = classes(shape(1, 0, 1, 0, 0, 0));
    int p[4] = {input(shape(2, -1, 11, 16, 0, 0)), input(shape(1, -1, 16, 0, 0, 0)),
                input(shape(2, -1, 16, 5, 0, 0)), input(shape(1, -1, 5, 0, 0, 0))};
    int h = op2(OP_ADD, graph_matmul(graph, x, p[0]), p[1]);
    h = op2(OP_MAX, number(0.0f), h);
    int z = op2(OP_ADD, graph_matmul(graph, h, p[2]), p[3]);
    int d = op2(OP_SUB, z, graph_max(graph, z, 2));
    int logs = op2(OP_SUB, d, op1(OP_LOG, graph_sum(graph, op1(OP_EXP, d), 2)));
    int hot = graph_to(graph, F32, graph_one_hot(graph, y, 5));
    int loss = graph_mean(graph, op1(OP_NEG, graph_sum(graph, op2(OP_MUL, hot, logs), 2)), 3);
    struct shape scalar = shape_scalar();
    int gradient[4];
    pass_grad(graph, graph_reshape(graph, loss, &scalar), p, 4, gradient);
    output(loss);
    for (int i = 0; i < 4; i++)
        output(op2(OP_SUB, p[i], op2(OP_MUL, number(0.1f), gradient[i])));
}

/* An optimizer over a flat block: several results of one loop, and a norm. */
static void case_block(void)
{
    struct shape flat = shape(1, -1, 37, 0, 0, 0);
    int w = input(flat), m = input(flat), v = input(flat), g = input(flat);
    int norm = op1(OP_SQRT, graph_sum(graph, op1(OP_SQUARE, g), 1));
    g = op2(OP_DIV, g, norm);
    m = op2(OP_ADD, op2(OP_MUL, number(0.9f), m), op2(OP_MUL, number(0.1f), g));
    v = op2(OP_ADD, op2(OP_MUL, number(0.99f), v), op2(OP_MUL, number(0.01f), op1(OP_ABS, g)));
    output(m);
    output(v);
    output(op2(OP_SUB, w, op2(OP_DIV, m, op2(OP_ADD, v, number(1e-8f)))));
}

/* Four rows of x, which no other group computes with its own. */
static int taken(int x)
{
    return graph_take(graph, x, classes(shape(2, -1, 1, 4, 0, 0)));
}

/* Groups of the same operators, on storage that coincides in other ways: they may share a function
 * only where it coincides alike.  An operand that is needed later is not written over. */
static void case_alike(void)
{
    for (int64_t which = 0; which < 8; which++) {
        struct shape table = shape(3, -1, 1, 5, 2 + which % 3, 0);
        int a = taken(input(table)), b = which & 4 ? a : taken(input(table));
        int later = taken(op2(OP_SUB, op2(OP_MUL, a, b), b));
        later = which & 1 ? op2(OP_MAX, later, a) : later;
        output(which & 2 ? op2(OP_MIN, later, b) : later);
    }
}

/* Axes of extent 1 everywhere. */
static void case_ones(void)
{
    int x = input(shape(2, 0, 1, 1, 0, 0)), w = input(shape(2, -1, 1, 1, 0, 0));
    int z = op2(OP_ADD, graph_matmul(graph, x, w), input(shape(1, -1, 1, 0, 0, 0)));
    int e = op1(OP_EXP, op2(OP_SUB, z, graph_max(graph, z, 2)));
    output(op2(OP_DIV, e, graph_sum(graph, e, 2)));
    output(graph_argmax(graph, z, 2));
    output(graph_sum(graph, x, 1));
    output(graph_sum(graph, op1(OP_NEG, x), 1));
    int page = input(shape(3, -1, 1, 1, 1, 0));
    output(graph_matmul(graph, page, page));
    output(graph_take(graph, page, classes(shape(2, -1, 1, 1, 0, 0))));
    output(graph_concat(graph, 2, (int[]){x, z}, 1));
    output(graph_pad(graph, w, (int64_t[]){0, 0}, &(struct shape){2, -1, {1, 1}}));
    output(graph_transpose(graph, x, (int[]){1, 0}));
    output(op1(OP_SQUARE, graph_sum(graph, op1(OP_EXP, w), 3)));
}

/* ---- loops, each beside the same turns written one after another ---- */

static bool unrolled;                   /* the plain one */

enum { LOOP_VALUES = 4 };

/* x: slices of the turn.  h: what is carried, then what is kept.  y: what is stacked. */
typedef void cell(const int *x, int *h, int *y);

struct cell_of {
    cell *cell;
    int xs, hs, ys;
};

static int slice_at(int x, int64_t t)
{
    struct shape s = graph_node(graph, x)->shape;
    int64_t start[RANK_MAX] = {t};
    s.dim[0] = 1;
    int slice = graph_slice(graph, x, start, &s);
    s = shape_of(s.rank - 1, s.rows < 0 ? -1 : s.rows - 1, s.dim + 1);
    return graph_reshape(graph, slice, &s);
}

/* In place of x, slices; of h, the carries at the end; out: y, the stacks. */
static void turns_in_loop(const struct cell_of *of, int64_t turns, bool reverse, int outer,
                          const int *x, int *h, int *y)
{
    int loop = graph_add_loop(graph, turns, reverse, outer);
    int slice[LOOP_VALUES], carry[LOOP_VALUES], value[LOOP_VALUES];
    for (int i = 0; i < of->xs; i++)
        slice[i] = graph_turn(graph, loop, x[i]);
    for (int i = 0; i < of->hs; i++)
        value[i] = carry[i] = graph_carry(graph, loop, h[i]);
    of->cell(slice, value, y);
    for (int i = 0; i < of->hs; i++)
        h[i] = graph_last(graph, graph_keep(graph, value[i], carry[i]));
    for (int i = 0; i < of->ys; i++)
        y[i] = graph_stack(graph, loop, y[i]);
}

static void turns_in_line(const struct cell_of *of, int64_t turns, bool reverse, const int *x,
                          int *h, int *y)
{
    int *value = ARENA_ARRAY(arena, int, LOOP_VALUES * turns), slice[LOOP_VALUES];
    for (int64_t k = 0; k < turns; k++) {
        int64_t t = reverse ? turns - 1 - k : k;
        for (int i = 0; i < of->xs; i++)
            slice[i] = slice_at(x[i], t);
        of->cell(slice, h, y);
        for (int i = 0; i < of->ys; i++) {
            struct shape s = graph_node(graph, y[i])->shape;
            memmove(s.dim + 1, s.dim, sizeof *s.dim * (size_t)s.rank);
            s.dim[0] = 1;
            s = shape_of(s.rank + 1, s.rows < 0 ? -1 : s.rows + 1, s.dim);
            value[i * turns + t] = graph_reshape(graph, y[i], &s);
        }
    }
    for (int i = 0; i < of->ys; i++)
        y[i] = graph_concat(graph, (int)turns, &value[i * turns], 0);
}

static void turns_of(const struct cell_of *of, int64_t turns, bool reverse, int outer,
                     const int *x, int *h, int *y)
{
    if (unrolled)
        turns_in_line(of, turns, reverse, x, h, y);
    else
        turns_in_loop(of, turns, reverse, outer, x, h, y);
}

static void output_all(const struct cell_of *of, const int *h, const int *y)
{
    for (int i = 0; i < of->hs; i++)
        output(h[i]);
    for (int i = 0; i < of->ys; i++)
        output(y[i]);
}

/* f32[turns, b, n], of an input that has the rows first. */
static int input_turns(int64_t turns, int64_t n)
{
    return graph_transpose(graph, input(shape(3, 0, 1, turns, n, 0)), (int[]){1, 0, 2});
}

static int zeros(int64_t n)
{
    struct shape s = shape(2, 0, 1, n, 0, 0);
    return graph_fill(graph, 0.0f, &s);
}

static int weight[LOOP_VALUES];

static void cell_simple(const int *x, int *h, int *y)
{
    int sum = op2(OP_ADD, graph_matmul(graph, x[0], weight[0]),
                  graph_matmul(graph, h[0], weight[1]));
    y[0] = h[0] = op1(OP_TANH, op2(OP_ADD, sum, weight[2]));
}

static void simple(int64_t turns, bool reverse)
{
    static const struct cell_of of = {cell_simple, 1, 1, 1};
    int x[] = {input_turns(turns, 6)}, h[] = {input(shape(2, 0, 1, 9, 0, 0))}, y[LOOP_VALUES];
    weight[0] = input(shape(2, -1, 6, 9, 0, 0));
    weight[1] = input(shape(2, -1, 9, 9, 0, 0));
    weight[2] = input(shape(1, -1, 9, 0, 0, 0));
    turns_of(&of, turns, reverse, -1, x, h, y);
    output(op1(OP_SQUARE, h[0]));
    output(graph_transpose(graph, y[0], (int[]){1, 0, 2}));
}

static void case_loop(void)
{
    simple(5, false);
}

static void case_loop_reversed(void)
{
    simple(4, true);
}

static void case_loop_once(void)
{
    simple(1, true);
}

/* Of two cells whose first result the second reads from its end on. */
static void cell_of_cell(const int *x, int *h, int *y)
{
    y[0] = op2(OP_SUB, x[0], h[0]);
    h[0] = op2(OP_ADD, op2(OP_MUL, h[0], weight[0]), y[0]);
}

static void case_loop_chain(void)
{
    static const struct cell_of of = {cell_of_cell, 1, 1, 1};
    int x[] = {input_turns(6, 7)}, h[] = {input(shape(2, 0, 1, 7, 0, 0))}, y[LOOP_VALUES];
    weight[0] = input(shape(1, -1, 7, 0, 0, 0));
    turns_of(&of, 6, false, -1, x, h, y);
    output_all(&of, h, y);
    int after[] = {op1(OP_NEG, y[0])};
    h[0] = op1(OP_EXP, h[0]);
    turns_of(&of, 6, true, -1, after, h, y);
    output_all(&of, h, y);
}

/* Carries that take each other's values, one that stays, views, constants and what is made outside:
 * all that has no place of its own. */
static void cell_moves(const int *x, int *h, int *y)
{
    int first = h[0];
    h[0] = h[1];
    h[1] = first;
    h[3] = x[0];
    y[0] = x[0];
    y[1] = first;
    y[2] = weight[0];
    y[3] = op1(OP_EXP, weight[0]);
}

static void case_loop_moves(void)
{
    static const struct cell_of of = {cell_moves, 1, 4, 4};
    int x[] = {input_turns(3, 5)}, y[LOOP_VALUES];
    int h[] = {input(shape(2, 0, 1, 5, 0, 0)), input(shape(2, 0, 1, 5, 0, 0)), zeros(5), zeros(5)};
    weight[0] = input(shape(2, 0, 1, 5, 0, 0));
    turns_of(&of, 3, false, -1, x, h, y);
    output_all(&of, h, y);
}

/* A product that is kept as it is, beside what still reads the last one; sums within a turn; one
 * value that is stacked twice, and kept. */
static void cell_product(const int *x, int *h, int *y)
{
    int product = graph_matmul(graph, x[0], weight[0]);
    y[0] = op2(OP_ADD, product, h[0]);
    h[0] = product;
    int e = op1(OP_EXP, op2(OP_SUB, x[0], graph_max(graph, x[0], 2)));
    y[1] = y[2] = op2(OP_DIV, e, graph_sum(graph, e, 2));
    h[1] = op2(OP_ADD, op2(OP_MUL, h[1], number(0.5f)), y[1]);
    y[3] = graph_sum(graph, h[1], 1);
}

static void case_loop_product(void)
{
    static const struct cell_of of = {cell_product, 1, 2, 4};
    int x[] = {input_turns(7, 8)}, h[] = {zeros(8), input(shape(2, 0, 1, 8, 0, 0))};
    int y[LOOP_VALUES];
    weight[0] = input(shape(2, -1, 8, 8, 0, 0));
    turns_of(&of, 7, true, -1, x, h, y);
    output_all(&of, h, y);
}

static void case_loop_constant(void)
{
    static const struct cell_of of = {cell_simple, 1, 1, 1};
    struct shape s = shape(3, 1, 3, 1, 6, 0), bias = shape(1, -1, 9, 0, 0, 0);
    int x[] = {graph_fill(graph, 0.25f, &s)}, h[] = {input(shape(2, 0, 1, 9, 0, 0))};
    int y[LOOP_VALUES];
    weight[0] = input(shape(2, -1, 6, 9, 0, 0));
    weight[1] = input(shape(2, -1, 9, 9, 0, 0));
    weight[2] = graph_fill(graph, 1.0f, &bias);
    turns_of(&of, 3, false, -1, x, h, y);
    output_all(&of, h, y);
}

/* A loop in a loop: the inner one begins with what the outer one carries, and reads that. */
static void cell_inner(const int *x, int *h, int *y)
{
    h[0] = op2(OP_ADD, op2(OP_MUL, h[0], weight[0]), op2(OP_MUL, x[0], weight[3]));
    y[0] = op1(OP_SQUARE, h[0]);
}

static void cell_outer(const int *x, int *h, int *y)
{
    static const struct cell_of of = {cell_inner, 1, 1, 1};
    int inner[LOOP_VALUES], state[] = {op1(OP_NEG, h[0])};
    weight[3] = h[0];
    turns_of(&of, 4, true, 0, x, state, inner);
    h[0] = op2(OP_MAX, h[0], state[0]);
    y[0] = inner[0];
    y[1] = op2(OP_ADD, state[0], x[1]);
}

static void case_loop_nested(void)
{
    static const struct cell_of of = {cell_outer, 2, 1, 2};
    int x[] = {graph_transpose(graph, input(shape(4, 0, 1, 3, 4, 5)), (int[]){1, 2, 0, 3}),
               input_turns(3, 5)};
    int h[] = {input(shape(2, 0, 1, 5, 0, 0))}, y[LOOP_VALUES];
    weight[0] = input(shape(1, -1, 5, 0, 0, 0));
    turns_of(&of, 3, false, -1, x, h, y);
    output_all(&of, h, y);
}

static const struct {
    const char *name;
    void (*build)(void);
    int64_t batch;
} cases[] = {
    {"map", case_map, 13},           {"views", case_views, 6},
    {"softmax", case_softmax, 13},   {"norm", case_norm, 5},
    {"long_rows", case_long_rows, 1}, {"columns", case_columns, 300},
    {"contract", case_contract, 270}, {"pages", case_pages, 4},
    {"indexed", case_indexed, 9},    {"pieces", case_pieces, 4},
    {"random", case_random, 7},      {"constants", case_constants, 3},
    {"training", case_training, 32}, {"block", case_block, 1},
    {"ones", case_ones, 3},          {"alike", case_alike, 2},
    {"loop", case_loop, 5},          {"loop_reversed", case_loop_reversed, 9},
    {"loop_once", case_loop_once, 3}, {"loop_chain", case_loop_chain, 4},
    {"loop_moves", case_loop_moves, 3}, {"loop_product", case_loop_product, 6},
    {"loop_constant", case_loop_constant, 2}, {"loop_nested", case_loop_nested, 3},
};
enum { CASES = sizeof cases / sizeof *cases };

/* ---- a schedule that fuses and shares nothing ---- */

static int64_t bytes_of(enum dtype dtype, const struct shape *s)
{
    int64_t rows = s->rows >= 0 ? program->train.rows : 1;
    return (shape_elements(s) * rows * dtype_bytes(dtype) + 63) / 64 * 64;
}

static void plain_node(struct schedule *schedule, int id)
{
    const struct node *node = graph_node(graph, id);
    struct place *place = &schedule->place[id];
    enum op_class class = op_def(node->op)->class;
    *place = (struct place){.kind = PLACE_INLINE, .bytes = bytes_of(node->dtype, &node->shape)};
    schedule->group_of[id] = -1;
    if (node->op == OP_CONST || node->op == OP_STEP_VALUE)
        return;
    if (node->op == OP_READ || node->op == OP_STORE) {
        place->kind = PLACE_VARIABLE;
        place->variable = node->attr.variable;
        place->offset = program_variable(program, node->attr.variable)->offset;
    } else if (node->op == OP_RESHAPE || node->op == OP_STOP_GRADIENT) {
        *place = schedule->place[node->operand[0]];
    } else {
        place->kind = PLACE_ARENA;
        place->offset = program->arena_bytes;
        program->arena_bytes += place->bytes;
    }
    if (node->op == OP_READ || node->op == OP_RESHAPE || node->op == OP_STOP_GRADIENT)
        return;
    schedule->group_of[id] = schedule->group_count;
    struct group *group = &schedule->group[schedule->group_count++];
    *group = (struct group){.kind = class_of_nest(class), .count = 1, .loop = -1};
    group->node = ARENA_NEW(arena, int);
    group->node[0] = id;
}

static void plain_schedule(void)
{
    struct schedule *schedule = ARENA_NEW(arena, struct schedule);
    schedule->group = ARENA_ARRAY(arena, struct group, graph->count);
    schedule->group_of = ARENA_ARRAY(arena, int, graph->count);
    schedule->place = ARENA_ARRAY(arena, struct place, graph->count);
    schedule->whole = ARENA_ARRAY(arena, int, graph->count);
    for (int id = 0; id < graph->count; id++)
        schedule->whole[id] = -1;
    graph->schedule = schedule;
    program->arena_bytes = 0;
    for (int i = 0; i < program->variable_count; i++) {
        struct variable *variable = program->variable[i];
        variable->offset = program->arena_bytes;
        program->arena_bytes += bytes_of(variable->dtype, &variable->shape);
    }
    for (int id = 0; id < graph->count; id++)
        plain_node(schedule, id);
}

/* ---- which groups share a function ---- */

/* Do two differences share one where the second's result is `apart` bytes behind its operand? */
static bool shares(int64_t apart, bool flat)
{
    struct emit_target target = {.flat = flat};
    int result[2];
    arena = arena_new();
    program = ARENA_NEW(arena, struct program);
    program->arena = arena;
    graph = program->phase[PHASE_TRAIN] = graph_new(program, "train");
    for (int i = 0; i < 2; i++) {
        struct shape s = shape(1, -1, flat ? 32 + i : 32, 0, 0, 0);
        result[i] = op2(OP_SUB, input(s), input(s));
        output(result[i]);
    }
    plain_schedule();
    struct schedule *schedule = graph->schedule;
    const int *operand = graph_node(graph, result[1])->operand;
    if (apart >= 0)
        schedule->place[result[1]].offset = schedule->place[operand[1]].offset + apart;
    struct emit emit = {.program = program, .arena = arena, .target = &target};
    share_groups(&emit);
    const struct user *user = emit.user[PHASE_TRAIN];
    bool same = user[schedule->group_of[result[0]]].shared ==
                user[schedule->group_of[result[1]]].shared;
    arena_free(arena);
    return same;
}

static void test_sharing(void)
{
    for (int flat = 0; flat < 2; flat++) {
        CU_ASSERT_TRUE(shares(-1, flat));   /* in storage of its own */
        CU_ASSERT_TRUE(shares(4096, flat));
        CU_ASSERT_FALSE(shares(0, flat));   /* in place of the operand */
        CU_ASSERT_FALSE(shares(16, flat));  /* over a part of it */
    }
}

/* ---- emitting, compiling, running ---- */

static const char *folder;

static void write_file(const char *name, const struct text *text)
{
    FILE *file = fopen(arena_printf(arena, "%s/%s", folder, name), "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(text->data, 1, text->size, file), text->size);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

static void emit_case(int number, bool fused)
{
    arena = arena_new();
    program = ARENA_NEW(arena, struct program);
    program->arena = arena;
    program->diags = diags_new(arena);
    program->name = arena_printf(arena, "%s_%s", cases[number].name, fused ? "fused" : "plain");
    program->model_path = "test.inv";
    program->train.rows = cases[number].batch;
    program->data.kind = SOURCE_RANDOM;
    graph = program->phase[PHASE_TRAIN] = graph_new(program, "train");
    unrolled = !fused;
    cases[number].build();
    graph_verify(graph, "building");
    pass_random(program);
    if (fused) {
        pass_loops(graph);
        pass_fuse(graph);
        pass_order(graph);
        pass_plan(program);
    } else {
        plain_schedule();
    }
    struct text text;
    text_init(&text, arena);
    emit_model(program, &text);
    write_file(arena_printf(arena, "%s.c", program->name), &text);
    arena_free(arena);
}

static void write_driver(void)
{
    struct text text;
    arena = arena_new();
    text_init(&text, arena);
    text_puts(&text, "#include \"invar.h\"\n");
    for (int i = 0; i < CASES; i++)
        text_printf(&text,
                    "extern const struct inv_model %s_fused_model_portable, "
                    "%s_plain_model_portable;\n",
                    cases[i].name, cases[i].name);
    text_puts(&text, "const struct inv_model *const models[] = {\n");
    for (int i = 0; i < CASES; i++)
        text_printf(&text, "    &%s_fused_model_portable, &%s_plain_model_portable,\n",
                    cases[i].name, cases[i].name);
    text_puts(&text, "    NULL,\n};\n");
    write_file("models.c", &text);
    arena_free(arena);
}

/* Under ASan only the compiler is what memory errors come from: suites unit and clang compile the
 * same texts. */
#if defined(__SANITIZE_ADDRESS__)
enum { COMPILES = 0 };
#else
enum { COMPILES = 1 };
#endif

/* The runtime's contraction, which has tests of its own, takes a quarter of the time at -O0. */
static void test_bits(void)
{
    static char path[] = "/tmp/test_emit_XXXXXX";
    folder = mkdtemp(path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
    for (int i = 0; i < CASES; i++) {
        emit_case(i, true);
        emit_case(i, false);
    }
    write_driver();
    if (!COMPILES)
        return;
    const char *cc = getenv("CC"), *root = INVAR_SOURCE_DIR;
    char command[4096], compile[1024];
    snprintf(compile, sizeof compile,
             "%s -std=gnu11 -ffp-contract=off -fno-math-errno -Wall -Wextra -Werror "
             "-I%s/runtime/include -I%s/runtime -I%s/templates",
             cc && *cc ? cc : "cc", root, root, root);
    snprintf(command, sizeof command,
             "cd %s && %s -O0 -c %s/runtime/core/contract.c %s/runtime/core/check_level.c "
             "%s/runtime/core/hash.c && %s -O1 *.c *.o %s/tests/unit/emit_driver.c -o driver && "
             "./driver",
             folder, compile, root, root, root, compile, root);
    CU_ASSERT_EQUAL(system(command), 0);
}

/* Loops over exp and over an optimizer's block must become packed arithmetic of 8 floats. */
static void check_vectors(const char *cc, const char *model, const char *instruction)
{
    char command[4096];
    snprintf(command, sizeof command,
             "command -v %s >/dev/null || exit 0; cd %s && %s -std=gnu11 -O3 -march=x86-64-v3 "
             "-ffp-contract=off -fno-math-errno -fno-trapping-math -I%s/runtime/include "
             "-I%s/runtime -I%s/templates -S %s.c -o - | grep -q '%s.*ymm'",
             cc, folder, cc, INVAR_SOURCE_DIR, INVAR_SOURCE_DIR, INVAR_SOURCE_DIR, model,
             instruction);
    int status = system(command);
    if (status != 0)
        printf("no %s of ymm registers in %s by %s\n", instruction, model, cc);
    CU_ASSERT_EQUAL(status, 0);
}

static void test_vectors(void)
{
#if defined(__x86_64__)
    for (int i = 0; i < 2 * COMPILES; i++) {
        check_vectors(i == 0 ? "gcc" : "clang", "map_plain", "vfn*m[a-z0-9]*ps");
        check_vectors(i == 0 ? "gcc" : "clang", "block_fused", "vdivps");
        check_vectors(i == 0 ? "gcc" : "clang", "softmax_fused", "vfn*m[a-z0-9]*ps");
    }
#endif
}

/* KEEP_EMITTED=1 leaves the files to look at. */
static void test_cleaning(void)
{
    char command[4096];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (getenv("KEEP_EMITTED"))
        printf("kept: %s\n", folder);
    else
        CU_ASSERT_EQUAL(system(command), 0);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("emit", NULL, NULL);
    CU_add_test(suite, "templates", test_template);
    CU_add_test(suite, "statements", test_code);
    CU_add_test(suite, "floats", test_floats);
    CU_add_test(suite, "names", test_names);
    CU_add_test(suite, "sharing", test_sharing);
    CU_add_test(suite, "bits", test_bits);
    CU_add_test(suite, "vectors", test_vectors);
    CU_add_test(suite, "cleaning", test_cleaning);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? 1 : 0;
}
