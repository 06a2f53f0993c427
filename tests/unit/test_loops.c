/* Loops in the passes that schedule: groups are of one loop and stand together, what lives through
 * a loop keeps its storage through all of it, and what moves moves by its slice. */
#include <CUnit/Basic.h>
#include <string.h>

#include "graph/loop.h"
#include "passes/schedule.h"
#include "emit/plan_text.h"
#include "one_phase.h"

/* f32[b, n], or f32[n] where rows is -1. */
static int input(int rows, int64_t n)
{
    struct shape s = rows < 0 ? shape_of(1, -1, (int64_t[]){n}) : shape_of(2, 0, (int64_t[]){1, n});
    return graph_read(graph, variable(VAR_INPUT, F32, s));
}

/* f32[turns, b, n] */
static int input_turns(int64_t turns, int64_t n)
{
    return graph_read(graph, variable(VAR_INPUT, F32, shape_of(3, 1, (int64_t[]){turns, 1, n})));
}

static void output(int value)
{
    const struct node *node = graph->node[value];
    graph_store(graph, variable(VAR_REPORT, F32, node->shape), value);
}

static int op2(enum op op, int a, int b)
{
    return graph_binary(graph, op, a, b);
}

static void schedule(void)
{
    graph_verify(graph, "building");
    pass_loops(graph);
    graph_verify(graph, "loops");
    pass_fuse(graph);
    pass_order(graph);
    pass_plan(program);
}

/* The groups' operators, one group a line, behind the number of their loop. */
static const char *groups_text(void)
{
    struct text text;
    text_init(&text, arena);
    for (int g = 0; g < graph->schedule->group_count; g++) {
        const struct group *group = &graph->schedule->group[g];
        if (group->loop >= 0)
            text_printf(&text, "%d:", group->loop);
        for (int m = 0; m < group->count; m++)
            text_printf(&text, " %s", op_def(graph->node[group->node[m]]->op)->stem);
        text_puts(&text, "\n");
    }
    return text.data;
}

static void check_text(const char *expected)
{
    const char *got = groups_text();
    if (strcmp(got, expected) != 0)
        printf("\ngot:\n%s\nwant:\n%s\n", got, expected);
    CU_ASSERT_STRING_EQUAL(got, expected);
}

static const struct place *place_of(int id)
{
    return &graph->schedule->place[id];
}

static bool overlap(const struct place *a, const struct place *b)
{
    return a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
}

/* ---- groups ---- */

/* Both sides of a loop have the shape of a map, which could be one loop over elements but for the
 * loop between. */
static void test_nothing_reaches_over(void)
{
    start();
    int x = input_turns(4, 3), before = graph_unary(graph, OP_EXP, input(0, 3));
    int loop = graph_add_loop(graph, 4, false, -1);
    int carry = graph_carry(graph, loop, before);
    int next = op2(OP_MUL, op2(OP_ADD, carry, graph_turn(graph, loop, x)), before);
    int last = graph_last(graph, graph_keep(graph, next, carry));
    output(op2(OP_SUB, last, before));
    schedule();
    check_text(" exp\n carry\n0: add mul keep\n sub store\n");
}

/* What a loop does not need comes before or after it, however it stands in the graph. */
static void test_together(void)
{
    start();
    int x = input_turns(4, 3), w = input(-1, 3);
    int loop = graph_add_loop(graph, 4, false, -1);
    int turn = graph_turn(graph, loop, x);
    int y = graph_unary(graph, OP_EXP, turn);
    int apart = graph_sum(graph, graph_unary(graph, OP_NEG, w), 1);
    int sum = graph_sum(graph, y, 2);
    int again = graph_add_loop(graph, 4, true, -1);
    int stack = graph_stack(graph, loop, op2(OP_DIV, y, sum));
    int other = graph_carry(graph, again, graph_fill(graph, 0.0f, &graph->node[turn]->shape));
    int kept = graph_keep(graph, op2(OP_ADD, other, graph_turn(graph, again, stack)), other);
    output(graph_last(graph, kept));
    output(apart);
    schedule();
    check_text(" neg row_sum store\n0: exp row_sum div\n carry\n1: add keep\n store\n");
}

/* Stored where the old value lay, but where something reads that later. */
static void test_keeps(void)
{
    start();
    int x = input_turns(4, 3), loop = graph_add_loop(graph, 4, false, -1);
    struct shape s = shape_of(2, 0, (int64_t[]){1, 3});
    int a = graph_carry(graph, loop, graph_fill(graph, 0.0f, &s));
    int b = graph_carry(graph, loop, graph_fill(graph, 1.0f, &s));
    int turn = graph_turn(graph, loop, x);
    int sum = op2(OP_ADD, a, turn), kept = graph_keep(graph, sum, a);
    int product = op2(OP_MUL, b, graph_sum(graph, b, 2));
    output(graph_last(graph, kept));
    output(graph_last(graph, graph_keep(graph, product, b)));
    schedule();
    const struct schedule *schedule = graph->schedule;
    int keep = -1, carry = -1;
    for (int id = 0; id < graph->count; id++)
        if (graph->node[id]->op == OP_KEEP && keep < 0) {
            keep = id;
            carry = graph->node[id]->operand[1];
        }
    CU_ASSERT(place_same(place_of(keep), place_of(carry)));
    CU_ASSERT(place_same(place_of(graph->node[keep]->operand[0]), place_of(carry)));
    CU_ASSERT_FALSE(place_moves(place_of(carry)));
    for (int g = 0; g < schedule->group_count; g++)
        CU_ASSERT(schedule->group[g].loop >= 0 || schedule->group[g].count == 1);
    check_text(" carry\n carry\n0: add keep\n0: row_sum\n0: mul keep\n store\n store\n");
}

/* ---- storage ---- */

/* A cell of a loop beside what is read and made outside of it; the number of groups. */
static int rnn(int64_t turns)
{
    start();
    int x = input_turns(turns, 6), w = input(-1, 8), loop = graph_add_loop(graph, turns, true, -1);
    struct shape square = shape_of(2, -1, (int64_t[]){8, 8});
    struct shape wide = shape_of(2, -1, (int64_t[]){6, 8});
    int u = graph_read(graph, variable(VAR_PARAM, F32, square));
    int v = graph_read(graph, variable(VAR_PARAM, F32, wide));
    struct shape s = shape_of(2, 0, (int64_t[]){1, 8});
    int captured = graph_unary(graph, OP_EXP, w);
    int carry = graph_carry(graph, loop, graph_fill(graph, 0.0f, &s));
    int z = op2(OP_ADD, graph_matmul(graph, carry, u),
                graph_matmul(graph, graph_turn(graph, loop, x), v));
    int h = op2(OP_MUL, graph_unary(graph, OP_TANH, z), captured);
    int last = graph_last(graph, graph_keep(graph, h, carry));
    output(last);
    output(graph_sum(graph, graph_stack(graph, loop, h), 1));
    schedule();
    return graph->schedule->group_count;
}

static void test_grows_by_stacks(void)
{
    int few = rnn(16);
    int64_t small = program->arena_bytes, inputs = program->variable[0]->shape.dim[0];
    int many = rnn(1000);
    CU_ASSERT_EQUAL(inputs, 16);
    CU_ASSERT_EQUAL(few, many);
    int64_t rows = program->train.rows, stacked = 984 * rows * (6 + 8) * 4;
    int64_t grown = program->arena_bytes - small;
    CU_ASSERT(grown >= stacked && grown < stacked + 256);
}

/* Of all that a loop reads or makes, nothing lies where something else of it does. */
static void test_lives(void)
{
    rnn(4);
    const struct schedule *schedule = graph->schedule;
    int first = schedule->group_count, last = -1;
    for (int g = 0; g < schedule->group_count; g++)
        if (schedule->group[g].loop >= 0) {
            first = g < first ? g : first;
            last = g;
        }
    int through = 0;
    for (int i = 0; i < schedule->storage_count; i++) {
        const struct storage *s = &schedule->storage[i];
        enum op op = graph->node[s->node]->op;
        bool whole = op == OP_CARRY || op == OP_STACK || op == OP_EXP;
        if (whole)
            CU_ASSERT(s->first <= first && s->last >= last);
        through += whole;
        for (int j = 0; j < i; j++) {
            const struct storage *t = &schedule->storage[j];
            bool meet = s->first <= t->last && t->first <= s->last;
            CU_ASSERT(!meet || s->offset >= t->offset + t->bytes ||
                      t->offset >= s->offset + s->bytes);
        }
    }
    CU_ASSERT_EQUAL(through, 3);
}

static void test_moves(void)
{
    rnn(4);
    for (int id = 0; id < graph->count; id++) {
        const struct node *node = graph->node[id];
        int whole = graph->schedule->whole[id];
        bool slice = node->op == OP_TURN ||
                     (whole >= 0 && graph->node[whole]->op == OP_STACK);
        CU_ASSERT_EQUAL(place_moves(place_of(id)), slice);
        if (!slice)
            continue;
        struct extent bytes = place_of(id)->advance[0];
        CU_ASSERT_EQUAL(bytes.rows, 4 * node->shape.dim[1]);
        CU_ASSERT_EQUAL(bytes.constant, 0);
        if (whole >= 0)
            CU_ASSERT_EQUAL(place_of(id)->offset, place_of(whole)->offset);
    }
}

/* What has no place that could move has a copy that does. */
static void test_copies(void)
{
    start();
    struct shape s = shape_of(2, 0, (int64_t[]){1, 3});
    struct shape turns = shape_of(3, 1, (int64_t[]){4, 1, 3});
    int x = input(0, 3), loop = graph_add_loop(graph, 4, false, -1);
    int a = graph_carry(graph, loop, graph_fill(graph, 0.0f, &s)), b = graph_carry(graph, loop, x);
    int fixed = graph_turn(graph, loop, graph_fill(graph, 2.0f, &turns));
    int y = op2(OP_ADD, a, fixed);
    output(graph_last(graph, graph_keep(graph, b, a)));
    output(graph_last(graph, graph_keep(graph, a, b)));
    output(graph_stack(graph, loop, y));
    output(graph_stack(graph, loop, y));
    output(graph_stack(graph, loop, x));
    output(graph_stack(graph, loop, b));
    schedule();
    int copies = 0;
    for (int id = 0; id < graph->count; id++) {
        copies += graph->node[id]->op == OP_RESHAPE && schedule_is_copy(graph, id);
        if (graph->node[id]->op == OP_STACK) {
            int value = graph->node[id]->operand[0];
            int group = graph->schedule->group_of[value];
            CU_ASSERT_FATAL(group >= 0);
            CU_ASSERT_EQUAL(graph->schedule->group[group].loop, loop);
            CU_ASSERT_EQUAL(graph->schedule->whole[value], id);
            CU_ASSERT(overlap(place_of(value), place_of(id)));
        }
    }
    CU_ASSERT_EQUAL(copies, 6);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("loops", NULL, NULL);
    CU_ADD_TEST(suite, test_nothing_reaches_over);
    CU_ADD_TEST(suite, test_together);
    CU_ADD_TEST(suite, test_keeps);
    CU_ADD_TEST(suite, test_grows_by_stacks);
    CU_ADD_TEST(suite, test_lives);
    CU_ADD_TEST(suite, test_moves);
    CU_ADD_TEST(suite, test_copies);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? 1 : 0;
}
