/* See harness.h. */
#include "harness.h"

#include <CUnit/Basic.h>
#include <assert.h>
#include <ctype.h>
#include <float.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "derive.h"
#include "generated.h"
#include "passes/pass.h"

/* All pairs of these are tried by every map. */
static const float specials[] = {
    0.0f, -0.0f, 1.0f, -1.0f, INFINITY, -INFINITY, NAN, 0x1p-149f, -0x1p-126f, 3.4028235e38f,
    -3.4028235e38f, 2147483648.0f, -2147483648.0f, 0.5f, -2.5f, 16777217.0f};
enum { SPECIALS = sizeof specials / sizeof *specials };

enum { ROWS = 3, STEP = 5, STEPS = 20, EPOCH = 2 };

struct case_run {
    const char *name;
    int count;
    struct op_input input[INPUTS_MAX];
    int x[INPUTS_MAX], variable[INPUTS_MAX], gradient[INPUTS_MAX]; /* -1: none */
    bool wanted[INPUTS_MAX];
    int first, y, weight, loss;         /* derived cases have no weight and no loss: -1 */
};

enum { RUNS_MAX = 96 };

struct op_run {
    enum op op;
    struct arena *arena;
    struct program *program;
    struct graph *graph;
    struct case_run run[RUNS_MAX];     /* those given, then those derived */
    int count;
    uint64_t seed;
};

/* ---- building the cases ---- */

static struct shape input_shape(const struct op_input *input)
{
    return shape_of(input->rank, input->batch - 1, input->dim);
}

static int add_variable(struct op_run *r, const char *name, const char *what,
                        enum variable_kind kind, enum dtype dtype, const struct shape *shape)
{
    struct span nowhere = {0};
    const char *path = arena_printf(r->arena, "%s/%s", name, what);
    return program_add_variable(r->program, kind, path, dtype, shape, nowhere)->id;
}

static int input_variable(struct op_run *r, const char *name, const char *what, enum dtype dtype,
                          const struct shape *shape)
{
    return add_variable(r, name, what, shape->rows < 0 ? VAR_BUFFER : VAR_INPUT, dtype, shape);
}

/* A weighted sum of the result: its gradient reaches every element with another weight. */
static void add_loss(struct op_run *r, struct case_run *c)
{
    struct graph *graph = r->graph;
    struct shape shape = graph_node(graph, c->y)->shape, scalar = shape_scalar();
    c->weight = input_variable(r, c->name, "weight", F32, &shape);
    int weight = graph_read(graph, c->weight);
    int product = graph_binary(graph, OP_MUL, graph_to(graph, F32, c->y), weight);
    c->loss = graph_reshape(graph, graph_sum(graph, product, (1u << shape.rank) - 1), &scalar);
    int wanted[INPUTS_MAX], gradient[INPUTS_MAX], count = 0;
    for (int i = 0; i < c->count; i++)
        if (c->wanted[i])
            wanted[count++] = c->x[i];
    pass_grad(graph, c->loss, wanted, count, gradient);
    for (int i = 0, k = 0; i < c->count; i++)
        c->gradient[i] = c->wanted[i] ? gradient[k++] : -1;
}

static const char *const operand_name[INPUTS_MAX] = {"a", "b", "c", "d"};

static void add_case(struct op_run *r, const struct op_case *from)
{
    assert(r->count < CASES_MAX);
    struct case_run *c = &r->run[r->count++];
    c->name = from->name;
    c->count = from->count;
    c->first = r->graph->count;
    for (int i = 0; i < c->count; i++) {
        const struct op_input *input = &from->input[i];
        struct shape shape = input_shape(input);
        c->input[i] = *input;
        c->variable[i] = input_variable(r, c->name, operand_name[i], input->dtype, &shape);
        c->x[i] = graph_read(r->graph, c->variable[i]);
        c->wanted[i] = input->dtype == F32 && !input->fixed;
    }
    c->y = from->build ? from->build(r->graph, c->x)
                       : graph_add(r->graph, r->op, c->count, c->x, NULL);
    add_loss(r, c);
}

/* Shapes of the operands of a map: odd sizes, sizes of 1, broadcast axes, the batch's rows. */
static const struct {
    const char *name;
    struct op_input operand[3];
} map_shapes[] = {
    {"rows", {{SHAPE(1, 3, 5), .batch = 1}, {SHAPE(5)}, {SHAPE(3, 1)}}},
    {"both", {{SHAPE(3, 1)}, {SHAPE(1, 4)}, {.rank = 0}}},
    {"same", {{SHAPE(7)}, {SHAPE(7)}, {SHAPE(7)}}},
    {"one", {{SHAPE(1)}, {SHAPE(2, 3, 1)}, {SHAPE(1, 1)}}},
    {"scalar", {{.rank = 0}, {.rank = 0}, {.rank = 0}}},
    {"outer", {{SHAPE(1, 4)}, {SHAPE(2, 4), .batch = 1}, {SHAPE(1, 1)}}},
};

/* Where an operand of a map is f32: zeros, infinities and the like, each with each. */
static void add_special_case(struct op_run *r)
{
    static const struct op_input shape[3] = {
        {SHAPE(SPECIALS, 1)}, {SHAPE(SPECIALS)}, {SHAPE(1, SPECIALS)}};
    struct op_case from = {.name = "special", .count = op_def(r->op)->operands};
    bool any = false;
    for (int k = 0; k < from.count; k++) {
        struct op_input *to = &from.input[k];
        *to = op_test(r->op)->domain[k];
        to->rank = shape[k].rank;
        memcpy(to->dim, shape[k].dim, sizeof to->dim);
        to->fixed = to->special = true;
        any = any || to->dtype == F32;
    }
    if (any)
        add_case(r, &from);
}

static void add_map_cases(struct op_run *r)
{
    for (size_t i = 0; i < sizeof map_shapes / sizeof *map_shapes; i++) {
        struct op_case from = {.name = map_shapes[i].name, .count = op_def(r->op)->operands};
        for (int k = 0; k < from.count; k++) {
            from.input[k] = op_test(r->op)->domain[k];
            from.input[k].rank = map_shapes[i].operand[k].rank;
            from.input[k].batch = map_shapes[i].operand[k].batch;
            memcpy(from.input[k].dim, map_shapes[i].operand[k].dim, sizeof from.input[k].dim);
        }
        add_case(r, &from);
    }
    add_special_case(r);
}

/* ---- cases derived from those given ---- */

/* Operand number `which` (-1: each that can be) in that form, those of type `from` of type `to`. */
struct variation {
    enum form form;
    int which;
    enum dtype from, to;
};

/* Adds the case's operands; false where none is another one than it was. */
static bool vary_operands(struct op_run *r, const struct variation *v, struct case_run *c)
{
    bool types = v->from != v->to, changed = false;
    for (int k = 0; k < c->count; k++) {
        struct op_input *input = &c->input[k];
        const char *path = arena_printf(r->arena, "%s/%s", c->name, operand_name[k]);
        bool chosen = v->which < 0 || v->which == k;
        bool retyped = types && input->dtype == v->from;
        if (retyped)
            *input = derive_retyped(input, v->to);
        int x = chosen ? derive_operand(r->graph, v->form, input, path, &r->seed, &c->variable[k])
                       : -1;
        changed = changed || (types ? retyped : x >= 0);
        if (x < 0)
            x = derive_operand(r->graph, AS_READ, input, path, &r->seed, &c->variable[k]);
        c->x[k] = x;
    }
    return changed;
}

static const char *variation_name(struct op_run *r, const char *name, const struct variation *v)
{
    const char *which = v->which < 0 ? "" : arena_printf(r->arena, "_%s", operand_name[v->which]);
    const char *type = v->from == v->to ? "" : dtype_name(v->to);
    return arena_printf(r->arena, "%s.%s%s%s", name, form_name(v->form), which, type);
}

/* The case in that variation; false where the operator has none. */
static bool add_variation(struct op_run *r, const struct case_run *from, const struct variation *v)
{
    int nodes = r->graph->count, variables = r->program->variable_count;
    int *instead = ARENA_ARRAY(r->arena, int, from->y + 1 - from->first);
    struct case_run *c = &r->run[r->count];
    assert(r->count < RUNS_MAX);
    *c = *from;
    c->name = variation_name(r, from->name, v);
    c->first = nodes;
    c->weight = c->loss = -1;
    bool changed = vary_operands(r, v, c);
    for (int id = from->first; id <= from->y; id++)
        instead[id - from->first] = -1;
    for (int k = 0; k < c->count; k++) {
        instead[from->x[k] - from->first] = c->x[k];
        c->wanted[k] = false;
        c->gradient[k] = -1;
    }
    c->y = changed ? derive_copy(r->graph, from->first, from->y, instead) : -1;
    if (c->y < 0) {
        r->graph->count = nodes;
        r->program->variable_count = variables;
    }
    r->count += c->y >= 0;
    return c->y >= 0;
}

/* Of the first case from number `turn` on that has it: the cases take turns. */
static void add_turn(struct op_run *r, int given, int *turn, const struct variation *v)
{
    for (int i = 0; i < given; i++)
        if (!r->run[(*turn + i) % given].input[0].special &&
            add_variation(r, &r->run[(*turn + i) % given], v))
            break;
    ++*turn;
}

/* Every operator, beside what its own file tests: each operand alone and all as constants, all as
 * views of every form, and of every element type that the operator takes, read and constant. */
static void add_derived_cases(struct op_run *r)
{
    int given = r->count, turn = 0, most = 0;
    for (int i = 0; i < given; i++)
        most = r->run[i].count > most ? r->run[i].count : most;
    for (int form = AS_FILL; form < FORMS; form++)
        for (int which = -1; which < (form <= AS_LIST && most > 1 ? most : 0); which++)
            add_turn(r, given, &turn, &(struct variation){(enum form)form, which, F32, F32});
    for (int from = F32; from <= I64; from++)
        for (int to = F32; to <= I64; to++)
            for (int form = AS_READ; from != to && form <= AS_FILL; form++)
                add_turn(r, given, &turn, &(struct variation){(enum form)form, -1, (enum dtype)from,
                                                              (enum dtype)to});
}

static void start_run(struct op_run *r, enum op op, bool derived)
{
    *r = (struct op_run){.op = op, .arena = arena_new(), .seed = (uint64_t)op + 1};
    r->program = ARENA_NEW(r->arena, struct program);
    r->program->arena = r->arena;
    r->program->diags = diags_new(r->arena);
    r->program->name = arena_printf(r->arena, "test_%s", op_def(op)->stem);
    r->program->model_path = "";
    generated_declare(r->program, op);
    r->program->data.name = "none";
    r->program->train.rows = ROWS + 1;
    r->graph = graph_new(r->program, op_def(op)->stem);
    r->program->phase[PHASE_PREDICT] = r->graph;
    if (op_test(op)->map && op_def(op)->operands > 0)
        add_map_cases(r);
    for (int i = 0; i < op_test(op)->case_count; i++)
        add_case(r, &op_test(op)->cases[i]);
    if (derived)
        add_derived_cases(r);
    graph_verify(r->graph, "grad");
}

/* ---- values ---- */

static void fill(struct op_run *r, struct oracle *o, int variable, const struct op_input *input)
{
    const struct variable *v = program_variable(r->program, variable);
    int64_t count = oracle_elements(o, &v->shape);
    o->variable[variable] = calloc((size_t)count, sizeof(double));
    bool special = input->special && input->dtype == F32;
    for (int64_t i = 0; i < count; i++)
        o->variable[variable][i] =
            special ? (double)specials[i % SPECIALS] : derive_value(&r->seed, input);
}

static void start_oracle(struct op_run *r, struct oracle *o, int64_t rows)
{
    static const struct op_input weight = {.dtype = F32, .low = -1.5, .high = 1.5};
    *o = (struct oracle){.graph = r->graph, .rows = rows, .step = STEP, .steps = STEPS,
                         .epoch = EPOCH, .key = {42, 7}};
    o->variable = calloc((size_t)r->program->variable_count, sizeof *o->variable);
    o->value = calloc((size_t)r->graph->count, sizeof *o->value);
    for (int i = 0; i < r->count; i++) {
        const struct case_run *c = &r->run[i];
        for (int k = 0; k < c->count; k++)
            if (c->variable[k] >= 0)
                fill(r, o, c->variable[k], &c->input[k]);
        if (c->weight >= 0)
            fill(r, o, c->weight, &weight);
    }
    for (int i = 0; i < r->program->variable_count; i++)
        if (!o->variable[i])
            o->variable[i] = calloc((size_t)oracle_elements(o, &r->program->variable[i]->shape),
                                    sizeof(double));
}

static void end_oracle(struct oracle *o)
{
    for (int i = 0; i < o->graph->program->variable_count; i++)
        free(o->variable[i]);
    for (int i = 0; i < o->graph->count; i++)
        free(o->value[i]);
    free(o->variable);
    free(o->value);
}

/* ---- gradients against central differences ---- */

static double loss_at(struct oracle *o, const struct case_run *c, double *place, double value)
{
    *place = value;
    oracle_run(o, c->first, c->loss);
    return o->value[c->loss][0];
}

static void check_element(struct oracle *o, const struct case_run *c, int operand, int64_t element,
                          double gradient)
{
    double *place = &o->variable[c->variable[operand]][element], x = *place;
    double h = 1e-5 * fmax(1.0, fabs(x));
    double above = loss_at(o, c, place, x + h), below = loss_at(o, c, place, x - h);
    double slope = (above - below) / (2.0 * h);
    *place = x;
    bool near = fabs(slope - gradient) <= 2e-6 * (1.0 + fabs(slope) + fabs(gradient));
    if (!near)
        printf("\n  %s: d/d operand %d [%lld] at %.9g: gradient %.12g, central difference %.12g",
               c->name, operand, (long long)element, x, gradient, slope);
    CU_ASSERT(near);
}

static void check_operand(struct oracle *o, const struct case_run *c, int operand)
{
    const struct shape *shape = &graph_node(o->graph, c->x[operand])->shape;
    int node = c->gradient[operand];
    CU_ASSERT_FATAL(shape_equal(&graph_node(o->graph, node)->shape, shape));
    size_t size = (size_t)oracle_elements(o, shape);
    double *gradient = malloc(size * sizeof *gradient);
    memcpy(gradient, o->value[node], size * sizeof *gradient);
    for (size_t i = 0; i < size; i++)
        check_element(o, c, operand, (int64_t)i, gradient[i]);
    free(gradient);
}

static void check_gradients(struct op_run *r)
{
    struct oracle o;
    start_oracle(r, &o, ROWS);
    bool flows = op_test(r->op)->leaf || op_def(r->op)->gradient;
    for (int i = 0; i < r->count; i++) {
        const struct case_run *c = &r->run[i];
        for (int k = 0; k < c->count; k++) {
            if (!c->wanted[k])
                continue;
            CU_ASSERT_EQUAL(c->gradient[k] >= 0, flows);
            if (c->gradient[k] < 0)
                continue;
            oracle_run(&o, 0, r->graph->count - 1);
            check_operand(&o, c, k);
        }
    }
    end_oracle(&o);
}

/* ---- gradients at chosen values ---- */

static void check_known(struct op_run *r, struct oracle *o, const struct op_known *known)
{
    const struct case_run *c = r->run;
    while (c < r->run + r->count && strcmp(c->name, known->name) != 0)
        c++;
    CU_ASSERT_FATAL(c < r->run + r->count);
    for (int64_t i = 0; i < oracle_elements(o, &graph_node(r->graph, c->y)->shape); i++)
        o->variable[c->weight][i] = 1.0;
    for (int k = 0; k < c->count; k++)
        for (int64_t i = 0; i < 4 && i < oracle_elements(o, &graph_node(r->graph, c->x[k])->shape);
             i++)
            o->variable[c->variable[k]][i] = known->input[k][i];
    oracle_run(o, 0, r->graph->count - 1);
    for (int k = 0; k < c->count; k++)
        for (int64_t i = 0; i < 4 && i < oracle_elements(o, &graph_node(r->graph, c->x[k])->shape);
             i++) {
            double got = c->gradient[k] >= 0 ? o->value[c->gradient[k]][i] : 0.0;
            bool same = fabs(got - known->gradient[k][i]) <= 1e-7;
            if (!same)
                printf("\n  known %s: gradient of operand %d [%lld] is %.9g, not %.9g", c->name, k,
                       (long long)i, got, known->gradient[k][i]);
            CU_ASSERT(same);
        }
}

static void check_knowns(struct op_run *r)
{
    struct oracle o;
    start_oracle(r, &o, ROWS);
    for (int i = 0; i < op_test(r->op)->known_count; i++)
        check_known(r, &o, &op_test(r->op)->known[i]);
    end_oracle(&o);
}

/* ---- golden dumps ---- */

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *text = calloc(size + 1, 1);
    if (fread(text, 1, size, file) != size)
        text[0] = '\0';
    fclose(file);
    return text;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

static void check_golden(struct op_run *r)
{
    struct text text;
    text_init(&text, r->arena);
    graph_print(r->graph, &text);
    const char *path = golden_file(r->arena, op_def(r->op)->stem);
    if (getenv("UPDATE_GOLDEN"))
        write_file(path, text.data);
    char *golden = read_file(path);
    bool same = golden && strcmp(golden, text.data) == 0;
    if (!same)
        printf("\n  tests/golden/ops/%s.txt differs; renew it by UPDATE_GOLDEN=1 "
               "BUILD/tests/test_ops %s:\n%s", op_def(r->op)->stem, op_def(r->op)->stem, text.data);
    CU_ASSERT(same);
    free(golden);
}

/* Reading the golden text gives the same text. */
static void check_round_trip(struct op_run *r)
{
    struct text first, second;
    const char *error;
    text_init(&first, r->arena);
    text_init(&second, r->arena);
    graph_print(r->graph, &first);
    struct graph *read = graph_read_text(r->program, first.data, &error);
    CU_ASSERT_PTR_NULL(error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(read);
    graph_print(read, &second);
    CU_ASSERT_STRING_EQUAL(first.data, second.data);
}

static enum op current_op(void)
{
    return (enum op)op_find(CU_get_current_test()->pName);
}

/* The bound that docs/operators.md gives is the one that results are held to. */
static void check_bound(enum op op)
{
    const char *bound = op_def(op)->bound;
    CU_ASSERT_PTR_NOT_NULL_FATAL(bound);
    if (isdigit((unsigned char)bound[0]))
        CU_ASSERT_EQUAL(strtod(bound, NULL), op_test(op)->ulp)
    else if (strcmp(bound, "exact") == 0)
        CU_ASSERT_EQUAL(op_test(op)->ulp, 0.0)
}

static void test_graph(void)
{
    struct op_run r;
    start_run(&r, current_op(), false);
    check_bound(r.op);
    CU_ASSERT(r.count > 0);
    check_golden(&r);
    check_round_trip(&r);
    pass_random(r.program);
    check_gradients(&r);
    check_knowns(&r);
    arena_free(r.arena);
}

/* ---- emitted code against the oracles ---- */

static const char *const result_name[] = {"y", "da", "db", "dc", "dd"};

/* The node that a result variable holds: 0 is y, 1.. are the operands' gradients; or -1. */
static int result_node(const struct case_run *c, int result)
{
    if (result == 0)
        return c->y;
    return result <= c->count ? c->gradient[result - 1] : -1;
}

static void add_outputs(struct op_run *r)
{
    for (int i = 0; i < r->count; i++)
        for (int k = 0; k <= INPUTS_MAX; k++) {
            int node = result_node(&r->run[i], k);
            if (node < 0)
                continue;
            const struct node *n = graph_node(r->graph, node);
            int variable = add_variable(r, r->run[i].name, result_name[k], VAR_OUTPUT, n->dtype,
                                        &n->shape);
            graph_store(r->graph, variable, node);
        }
}

static double ulp_of(double x)
{
    int exponent;
    frexp(fmax(fabs(x), 0x1p-126), &exponent);
    return ldexp(1.0, exponent - 24);
}

/* The allowed error of each element of a node, its operands taken as exact. */
static double *node_errors(struct oracle *o, const struct node *n)
{
    const struct op_test *test = op_test(n->op);
    int64_t count = oracle_elements(o, &n->shape);
    double *out = calloc((size_t)count, sizeof *out);
    double ulps = n->dtype == F32 ? test->ulp * (double)(test->chain ? test->chain(o, n) : 1) : 0;
    if (test->magnitude)
        test->magnitude(o, n, out);
    for (int64_t i = 0; i < count; i++)
        out[i] = ulps * ulp_of(test->magnitude ? out[i] : o->value[n->id][i]);
    return out;
}

static double largest(const double *x, int64_t count)
{
    double most = 0.0;
    for (int64_t i = 0; i < count; i++)
        most = fmax(most, fabs(x[i]));
    return most;
}

/* What the nodes of a case may add up to where its result is not the operator's own. */
static double case_error(struct oracle *o, const struct case_run *c)
{
    double sum = 0.0;
    for (int id = c->first; id <= c->y; id++) {
        const struct node *n = graph_node(o->graph, id);
        double *error = node_errors(o, n);
        sum += largest(error, oracle_elements(o, &n->shape));
        free(error);
    }
    return sum;
}

/* Allowed error of the elements of a result.  Gradients, and turns of loops, are a few operations:
 * 1e-6 of the largest. */
static double *allowed_errors(struct op_run *r, struct oracle *o, const struct case_run *c,
                              int result)
{
    int id = result_node(c, result);
    const struct node *n = graph_node(r->graph, id);
    int64_t count = oracle_elements(o, &n->shape);
    double *allowed = node_errors(o, n);
    if (result == 0 && n->op == r->op && !op_test(r->op)->in_loop)
        return allowed;
    bool sums = result == 0 && !op_test(r->op)->in_loop;
    double same = sums ? case_error(o, c) : 1e-6 * (1.0 + largest(o->value[id], count));
    for (int64_t i = 0; i < count; i++)
        allowed[i] = same;
    return allowed;
}

/* What the exact result is in the result's own type, where that cannot hold it. */
static double representable(double want, enum dtype dtype)
{
    if (dtype == I32 && fabs(want) < 0x1p62)
        return (double)(int32_t)(uint32_t)(uint64_t)(int64_t)want;
    return dtype == F32 && fabs(want) > FLT_MAX ? (double)(float)want : want;
}

/* Equal (a map's zeros with their sign), both NaN, or no further apart than allowed. */
static bool is_near(double got, double want, double allowed, bool signs)
{
    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got);
    if (got == want)
        return want != 0.0 || !signs || signbit(got) == signbit(want);
    return !isinf(want) && fabs(got - want) <= allowed;
}

static void compare_result(struct op_run *r, struct oracle *o, const struct case_run *c, int result,
                           const struct inv_model *model, const struct inv_run *run)
{
    int id = result_node(c, result);
    int64_t count = oracle_elements(o, &graph_node(r->graph, id)->shape);
    const char *path = arena_printf(r->arena, "%s/%s", c->name, result_name[result]);
    const struct inv_variable *v = generated_variable(model, path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(v);
    double *allowed = allowed_errors(r, o, c, result);
    bool signs = result == 0 && op_test(r->op)->map && v->dtype == INV_F32;
    for (int64_t i = 0; i < count; i++) {
        double got = generated_get(run, v, i);
        double want = representable(o->value[id][i], graph_node(r->graph, id)->dtype);
        bool near = is_near(got, want, allowed[i], signs);
        if (!near)
            printf("\n  %s %s [%lld], b = %lld: emitted code gives %.9g, the oracle %.12g "
                   "(allowed %.3g)", op_def(r->op)->stem, path, (long long)i, (long long)o->rows,
                   got, want, allowed[i]);
        CU_ASSERT(near);
    }
    free(allowed);
}

static void run_emitted(struct op_run *r, const struct inv_model *model, int64_t rows)
{
    struct oracle o;
    start_oracle(r, &o, rows);
    oracle_run(&o, 0, r->graph->count - 1);
    struct inv_run *run = generated_start(model, &o);
    for (int i = 0; i < r->program->variable_count; i++) {
        const struct variable *v = program_variable(r->program, i);
        generated_set(run, generated_variable(model, v->path), oracle_elements(&o, &v->shape),
                      o.variable[i]);
    }
    CU_ASSERT(generated_run(model, run));
    for (int i = 0; i < r->count; i++)
        for (int k = 0; k <= INPUTS_MAX; k++)
            if (result_node(&r->run[i], k) >= 0)
                compare_result(r, &o, &r->run[i], k, model, run);
    generated_stop(run);
    end_oracle(&o);
}

static void test_emitted(void)
{
    struct op_run r;
    start_run(&r, current_op(), true);
    pass_random(r.program);
    const struct inv_model *model = generated_model(r.program);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    CU_ASSERT_PTR_NULL(model->selftest());
    run_emitted(&r, model, ROWS);
    run_emitted(&r, model, 1);
    arena_free(r.arena);
}

/* ---- */

static int chosen_count;
static char *const *chosen;

static bool is_chosen(enum op op)
{
    bool found = chosen_count == 0;
    for (int i = 0; i < chosen_count; i++)
        found = found || strcmp(chosen[i], op_def(op)->stem) == 0;
    return found;
}

/* Is the map folded where all its operands are constants?  Else it costs each step. */
static bool folds(const struct op_run *r)
{
    for (int id = 0; id < r->graph->count; id++) {
        const struct node *n = graph_node(r->graph, id);
        if (n->op != OP_STORE ||
            !strstr(program_variable(r->program, n->attr.variable)->path, ".fill/y") ||
            graph_node(r->graph, n->operand[0])->op != r->op)
            continue;
        printf("operator '%s' of constants is left to run: compiler/graph/fold.c lacks its row\n",
               op_def(r->op)->stem);
        return false;
    }
    return true;
}

static const char *at_hand;

/* An assert of the compiler fails: of which operator? */
static void name_culprit(int number)
{
    (void)number;
    fprintf(stderr, "operator '%s': its cases (tests/ops/%s.c, and those that tests/ops/harness.c "
            "derives from them) stop the compiler\n", at_hand, at_hand);
}

static int load_emitted(void)
{
    for (int i = 0; i < OP_COUNT; i++) {
        struct op_run r;
        if (!is_chosen((enum op)i))
            continue;
        at_hand = op_def((enum op)i)->stem;
        start_run(&r, (enum op)i, true);
        add_outputs(&r);
        bool added = generated_add(r.program) && (op_def(r.op)->class != CLASS_MAP || folds(&r));
        arena_free(r.arena);
        if (!added)
            return 1;
    }
    const char *problem = generated_load();
    if (problem)
        printf("%s\n", problem);
    return problem != NULL;
}

static int unload_emitted(void)
{
    generated_end();
    return 0;
}

static bool add_suite(const char *name, CU_InitializeFunc start, CU_CleanupFunc end,
                      CU_TestFunc test)
{
    CU_pSuite suite = CU_add_suite(name, start, end);
    for (int i = 0; suite && i < OP_COUNT; i++)
        if (is_chosen((enum op)i) && !CU_add_test(suite, op_def((enum op)i)->stem, test))
            return false;
    return suite != NULL;
}

/* Arguments: the stems to test; all without.  INVAR_TEST_FOLDER: see generated.c. */
int main(int argc, char **argv)
{
    chosen_count = argc - 1;
    chosen = argv + 1;
    signal(SIGABRT, name_culprit);
    if (CU_initialize_registry() != CUE_SUCCESS ||
        !add_suite("graphs", NULL, NULL, test_graph) ||
        !add_suite("emitted", load_emitted, unload_emitted, test_emitted))
        return 2;
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures() + CU_get_number_of_suites_failed();
    CU_cleanup_registry();
    return failures > 0;
}
