/* operators EVALUATE [STEM...]: every operator on difficult inputs, compiled and by the second
 * implementation, which must agree bit for bit (NaN is NaN).
 *
 * The graphs are those of tests/golden/ops, gradients included, and for maps one node for every
 * combination of element types on long arrays and nodes on constants.  Inputs are NaN, infinities,
 * zeros of both signs, subnormals, bounds, any bits, and ordinary numbers. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "generated.h"
#include "graph/loop.h"
#include "graph/program_text.h"

enum { BATCH = 4, SETS = 24, LONG = 2048 };

struct subject {
    enum op op;
    struct arena *arena;
    struct program *program;
    char *inputs, *outputs, *text;      /* files */
};

/* Zeros, subnormals, bounds of the range, infinities, NaN, ones, halves, bounds of whole numbers
 * and of exp. */
static const uint32_t special[] = {
    0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007fffff, 0x807fffff, 0x00800000,
    0x80800000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000,
    0x7f800001, 0xffc12345, 0x3f800000, 0xbf800000, 0x3f000000, 0xbf000000, 0x3f7fffff,
    0x3f800001, 0x40000000, 0xc0000000, 0x3fc00000, 0x40490fdb, 0x4b000000, 0x4b000001,
    0xcb000001, 0x4f000000, 0xcf000000, 0xcf000001, 0x42b17218, 0xc2aeac50, 0xc2cff1b5,
    0x33800000, 0xb3800000, 0x00400000, 0x3f3504f3, 0x41000000, 0x42c80000, 0xc3000000};
enum { SPECIAL = sizeof special / sizeof *special };

static char folder[] = "/tmp/invar_reference_XXXXXX";
static const char *evaluate;

/* ---- graphs ---- */

static char *read_text(struct arena *arena, const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        return NULL;
    *size = (size_t)ftell(file);
    char *text = ARENA_ARRAY(arena, char, (int)*size + 1);
    rewind(file);
    bool good = fread(text, 1, *size, file) == *size;
    fclose(file);
    return good ? text : NULL;
}

static struct shape read_shape(const char *at, enum dtype *dtype)
{
    struct shape shape = shape_scalar();
    size_t size = strcspn(at, "[ \n");
    for (int i = F32; i <= I64; i++)
        if (strlen(dtype_name((enum dtype)i)) == size &&
            strncmp(at, dtype_name((enum dtype)i), size) == 0)
            *dtype = (enum dtype)i;
    at += size;
    while (*at == '[' || *at == ',') {
        at += strspn(at, "[, ");
        bool rows = *at == 'b';
        at += rows;
        at += *at == '*';
        char *end = (char *)at;
        int64_t dim = rows && (*at == ',' || *at == ']') ? 1 : strtoll(at, &end, 10);
        at = end;
        shape.rows = rows ? shape.rank : shape.rows;
        shape.dim[shape.rank++] = dim;
    }
    return shape;
}

/* The variables that lines `%1 = read $0:rows/a : f32[b, 5]` and stores name. */
static void declare_variables(struct subject *s, const char *text)
{
    for (const char *at = text; (at = strchr(at, '$')) != NULL; at++) {
        enum dtype dtype = F32;
        char *name;
        int id = (int)strtol(at + 1, &name, 10);
        size_t size = strcspn(name + 1, " ");
        struct shape shape = read_shape(strstr(name, " : ") + 3, &dtype);
        if (id < s->program->variable_count)
            continue;
        program_add_variable(s->program, shape.rows < 0 ? VAR_BUFFER : VAR_INPUT,
                             arena_strndup(s->arena, name + 1, size), dtype, &shape,
                             (struct span){0});
    }
}

static struct text begin_trial(const struct subject *s, const struct text *text, int *nodes)
{
    struct text trial;
    *nodes = 0;
    for (const char *at = text->data; (at = strchr(at, '\n')) != NULL; at++)
        *nodes += at[1] == '%';
    text_init(&trial, s->arena);
    text_puts(&trial, text->data);
    return trial;
}

/* One node of the operator on long arrays, where those element types fit. */
static void add_long(struct subject *s, struct text *text, const enum dtype *from, enum dtype to)
{
    int first, ids = s->program->variable_count, count = op_def(s->op)->operands;
    const char *error;
    struct text trial = begin_trial(s, text, &first);
    for (int i = 0; i < count; i++)
        text_printf(&trial, "%%%d = read $%d:long/%d : %s[%d]\n", first + i, ids + i, ids + i,
                    dtype_name(from[i]), LONG);
    text_printf(&trial, "%%%d = %s", first + count, op_def(s->op)->stem);
    for (int i = 0; i < count; i++)
        text_printf(&trial, " %%%d", first + i);
    text_printf(&trial, " : %s[%d]\n", dtype_name(to), LONG);
    declare_variables(s, trial.data);
    if (graph_read_text(s->program, trial.data, &error))
        *text = trial;
    else
        s->program->variable_count = ids;
}

/* Nodes on constants, which the compiler folds: every special number, with some of them each. */
static void add_constants(struct subject *s, struct text *text, enum dtype to)
{
    int first, count = op_def(s->op)->operands;
    const char *error;
    struct text trial = begin_trial(s, text, &first);
    for (int i = 0; i < SPECIAL; i++) {
        float x;
        memcpy(&x, &special[i], sizeof x);
        text_printf(&trial, "%%%d = const value=%a : f32\n", first + i, (double)x);
    }
    for (int i = 0; i < SPECIAL * (count == 1 ? 1 : 12); i++) {
        text_printf(&trial, "%%%d = %s %%%d", first + SPECIAL + i, op_def(s->op)->stem,
                    first + i % SPECIAL);
        if (count == 2)
            text_printf(&trial, " %%%d", first + (i % SPECIAL + i / SPECIAL * 5) % SPECIAL);
        text_printf(&trial, " : %s\n", dtype_name(to));
    }
    if (count <= 2 && graph_read_text(s->program, trial.data, &error))
        *text = trial;
}

static void add_all_long(struct subject *s, struct text *text)
{
    int count = op_def(s->op)->operands, tuples = 1;
    if (op_def(s->op)->class != CLASS_MAP || count == 0)
        return;
    for (int i = 0; i <= count; i++)
        tuples *= 4;
    for (int t = 0; t < tuples; t++) {
        enum dtype type[4];
        for (int i = 0, rest = t; i <= count; i++, rest /= 4)
            type[i] = (enum dtype)(rest % 4);
        add_long(s, text, type, type[count]);
    }
    for (int to = F32; to <= I64; to++)
        add_constants(s, text, (enum dtype)to);
}

/* Stores what nothing else uses, and the operator's own results, but nothing in a loop. */
static void add_stores(struct subject *s, struct graph *graph)
{
    int count = graph->count;
    struct loops loops = loops_of(graph, s->arena);
    bool *used = ARENA_ARRAY(s->arena, bool, count);
    for (int id = 0; id < count; id++)
        for (int k = 0; k < graph->node[id]->count; k++)
            used[graph->node[id]->operand[k]] = true;
    for (int id = 0; id < count; id++) {
        const struct node *n = graph->node[id];
        if (n->op == OP_STORE || loops.at[id] >= 0 || (used[id] && n->op != s->op))
            continue;
        const char *path = arena_printf(s->arena, "out/%d", id);
        struct variable *v = program_add_variable(s->program, VAR_OUTPUT, path, n->dtype,
                                                  &n->shape, (struct span){0});
        graph_store(graph, v->id, id);
    }
}

static bool write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    bool good = file && fwrite(bytes, 1, size, file) == size;
    return file && fclose(file) == 0 && good;
}

static bool write_program(const struct subject *s)
{
    struct text text;
    text_init(&text, s->arena);
    program_print(s->program, &text);
    graph_print(s->program->phase[PHASE_PREDICT], &text);
    return write_bytes(s->text, text.data, text.size);
}

static bool start(struct subject *s, enum op op)
{
    const char *stem = op_def(op)->stem, *error;
    size_t size;
    *s = (struct subject){.op = op, .arena = arena_new()};
    s->program = ARENA_NEW(s->arena, struct program);
    s->program->arena = s->arena;
    s->program->diags = diags_new(s->arena);
    s->program->name = arena_printf(s->arena, "reference_%s", stem);
    s->program->model_path = "";
    generated_declare(s->program, op);
    s->program->data.name = "none";
    s->program->train.batch = s->program->train.rows = BATCH;
    s->inputs = arena_printf(s->arena, "%s/%s.in", folder, stem);
    s->outputs = arena_printf(s->arena, "%s/%s.out", folder, stem);
    s->text = arena_printf(s->arena, "%s/%s.txt", folder, stem);
    const char *path = golden_file(s->arena, stem);
    char *golden = read_text(s->arena, path, &size);
    if (!golden) {
        printf("%s: cannot read %s\n", stem, path);
        return false;
    }
    struct text text;
    text_init(&text, s->arena);
    text_puts(&text, golden);
    declare_variables(s, golden);
    add_all_long(s, &text);
    struct graph *graph = graph_read_text(s->program, text.data, &error);
    if (!graph) {
        printf("%s: %s\n", stem, error);
        return false;
    }
    add_stores(s, graph);
    s->program->phase[PHASE_PREDICT] = graph;
    return write_program(s);
}

/* ---- inputs ---- */

static uint64_t state;

static uint32_t next_bits(void)         /* splitmix64 (Steele, Lea, Flood 2014) */
{
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)(z >> 32);
}

static uint32_t draw_real(uint32_t kind)
{
    float small;
    if (kind == 0)
        return special[next_bits() % SPECIAL];
    if (kind == 1)
        return next_bits();
    small = ((float)(next_bits() >> 8) * 0x1p-24f - 0.5f) * (kind == 2 ? 8.0f : 240.0f);
    memcpy(&kind, &small, sizeof kind);
    return kind;
}

static int64_t draw_whole(uint32_t kind)
{
    static const int64_t special[] = {0, 1, -1, 2, 7, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN,
                                      16777217, -33554435, 1000000};
    if (kind == 0)
        return special[next_bits() % (sizeof special / sizeof *special)];
    return kind == 1 ? (int64_t)((uint64_t)next_bits() << 32 | next_bits())
                     : (int64_t)(next_bits() % 12) - 3;
}

/* Sets take turns: only ordinary numbers; one element in four special; all of any kind. */
static void fill(unsigned char *to, const struct variable *v, int64_t count, int set)
{
    for (int64_t i = 0; i < count; i++) {
        uint32_t any = next_bits(), kind = set % 4 == 0 || (set % 4 == 1 && any % 4) ? 2 : any % 4;
        uint32_t narrow = v->dtype == F32 ? draw_real(kind) : (uint32_t)draw_whole(kind);
        int64_t wide = v->dtype == I64 ? draw_whole(kind) : 0;
        narrow = v->dtype == BOOL ? any >> 16 & 1 : narrow;
        if (v->dtype == I64)
            memcpy(to + i * 8, &wide, sizeof wide);
        else
            memcpy(to + i * 4, &narrow, sizeof narrow);
    }
}

static size_t variable_bytes(const struct variable *v, int64_t rows)
{
    int64_t count = shape_elements(&v->shape) * (v->shape.rows >= 0 ? rows : 1);
    return (size_t)count * (v->dtype == I64 ? 8 : 4);
}

static struct oracle moment_of(int set)
{
    return (struct oracle){.rows = 1 + set % BATCH, .step = set * 7, .steps = 1000,
                           .epoch = set / 3,
                           .key = {42u + (uint32_t)set, 0x80000000u * (uint32_t)(set % 2)}};
}

static bool write_inputs(const struct subject *s)
{
    struct text text;
    int64_t sets = SETS;
    text_init(&text, s->arena);
    text_add(&text, (const char *)&sets, sizeof sets);
    state = (uint64_t)s->op;
    for (int set = 0; set < SETS; set++) {
        struct oracle o = moment_of(set);
        int64_t number[4] = {o.rows, o.step, o.steps, o.epoch};
        text_add(&text, (const char *)number, sizeof number);
        text_add(&text, (const char *)o.key, sizeof o.key);
        for (int i = 0; i < s->program->variable_count; i++) {
            const struct variable *v = program_variable(s->program, i);
            size_t size = variable_bytes(v, o.rows);
            unsigned char *bytes = malloc(size);
            fill(bytes, v, (int64_t)size / (v->dtype == I64 ? 8 : 4), set);
            text_add(&text, (const char *)bytes, size);
            free(bytes);
        }
    }
    return write_bytes(s->inputs, text.data, text.size);
}

/* ---- comparing ---- */

static bool same_element(enum dtype dtype, const unsigned char *a, const unsigned char *b)
{
    float x, y;
    if (dtype == I64)
        return memcmp(a, b, 8) == 0;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return memcmp(a, b, 4) == 0 || (dtype == F32 && x != x && y != y);
}

static bool compare_variable(const struct subject *s, const struct variable *v, int set,
                             const unsigned char *got, const unsigned char *wanted, size_t size)
{
    size_t one = v->dtype == I64 ? 8 : 4;
    for (size_t at = 0; at < size; at += one) {
        uint32_t a, b;
        if (same_element(v->dtype, got + at, wanted + at))
            continue;
        memcpy(&a, got + at, 4);
        memcpy(&b, wanted + at, 4);
        printf("  %s, set %d, %s (%s) [%zu]: compiled %08" PRIx32 ", reference %08" PRIx32 "\n",
               op_def(s->op)->stem, set, v->path, dtype_name(v->dtype), at / one, a, b);
        return false;
    }
    return true;
}

/* Runs one set and compares; *in and *out go past it. */
static bool run_set(const struct subject *s, const struct inv_model *model, int set,
                    const unsigned char **in, const unsigned char **out)
{
    struct oracle o = moment_of(set);
    struct inv_run *run = generated_start(model, &o);
    bool good;
    *in += 4 * sizeof(int64_t) + sizeof o.key;
    for (int i = 0; i < s->program->variable_count; i++) {
        size_t size = variable_bytes(program_variable(s->program, i), o.rows);
        memcpy(run->arena + model->variable[i].offset, *in, size);
        *in += size;
    }
    good = generated_run(model, run);
    for (int i = 0; i < s->program->variable_count; i++) {
        const struct variable *v = program_variable(s->program, i);
        size_t size = variable_bytes(v, o.rows);
        good = compare_variable(s, v, set, run->arena + model->variable[i].offset, *out, size) &&
               good;
        *out += size;
    }
    generated_stop(run);
    return good;
}

static bool run_reference(const struct subject *s)
{
    pid_t child = fork();
    int status = 1;
    if (child == 0) {
        execl(evaluate, evaluate, "--case", s->text, s->inputs, s->outputs, (char *)NULL);
        _exit(127);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static bool check(const struct subject *s)
{
    size_t in_size, out_size;
    const struct inv_model *model = generated_model(s->program);
    if (!model || !write_inputs(s) || !run_reference(s))
        return false;
    const unsigned char *in = (unsigned char *)read_text(s->arena, s->inputs, &in_size);
    const unsigned char *out = (unsigned char *)read_text(s->arena, s->outputs, &out_size);
    if (!in || !out)
        return false;
    const unsigned char *end = out + out_size;
    bool good = true;
    in += sizeof(int64_t);
    for (int set = 0; set < SETS; set++)
        good = run_set(s, model, set, &in, &out) && good;
    return good && out == end;
}

/* ---- */

static bool is_chosen(enum op op, int argc, char **argv)
{
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], op_def(op)->stem) == 0)
            return true;
    return argc == 2;
}

static void remove_files(const struct subject *s)
{
    remove(s->inputs);
    remove(s->outputs);
    remove(s->text);
    arena_free(s->arena);
}

int main(int argc, char **argv)
{
    static struct subject subject[OP_COUNT];
    int count = 0, passed = 0;
    if (argc < 2 || !mkdtemp(folder)) {
        fprintf(stderr, "usage: operators EVALUATE [STEM...]\n");
        return 2;
    }
    evaluate = argv[1];
    for (int op = 0; op < OP_COUNT; op++)
        if (is_chosen((enum op)op, argc, argv)) {
            if (!start(&subject[count], (enum op)op) || !generated_add(subject[count].program))
                return 1;
            count++;
        }
    const char *problem = generated_load();
    for (int i = 0; i < count && !problem; i++) {
        bool good = check(&subject[i]);
        passed += good;
        if (!good)
            printf("%s: FAILED\n", op_def(subject[i].op)->stem);
        remove_files(&subject[i]);
    }
    if (problem)
        printf("%s\n", problem);
    generated_end();
    rmdir(folder);
    printf("%d passed, %d failed, 0 skipped\n", passed, count - passed);
    return passed < count;
}
