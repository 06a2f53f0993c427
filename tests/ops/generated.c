/* See generated.h. */
#include "generated.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "emit/emit.h"
#include "passes/pass.h"

/* A temporary folder, or the one that INVAR_TEST_FOLDER names: it is kept, and libraries that are
 * there already are not compiled, so that the cases can run where no compiler is. */
static char directory[256] = "/tmp/invar_test_ops_XXXXXX";
static char sources[16384];
static bool made;
const struct generated_beside *generated_beside;
static void *library;

/* Groups run in three uneven parts: any partition must give the same bits. */
static const char support[] =
    "#include \"invar.h\"\n"
    "void inv_for(const struct inv_run *run, inv_group *group, int64_t count, int64_t cost)\n"
    "{\n"
    "    (void)cost;\n"
    "    int64_t first = count / 3, second = count / 3 + count / 2;\n"
    "    group(run, second, count);\n"
    "    group(run, 0, first);\n"
    "    group(run, first, second);\n"
    "}\n"
    "#include \"core/contract.c\"\n"
    "uint64_t inv_hash_piece_portable(const void *at, int64_t words, int what)\n"
    "{\n"
    "    (void)at;\n"
    "    return (uint64_t)(words + what);\n"
    "}\n"
    "const char *inv_check_level_portable(void)\n"
    "{\n"
    "    return NULL;\n"
    "}\n";

/* An operator in C; one gradient adds to what it finds. */
static const char pick[] =
    "INV_FN inv_index pick_from(inv_index i, const int32_t *turn, inv_index n)\n"
    "{\n"
    "    return ((inv_index)*turn % n + n + i) % n;\n"
    "}\n"
    "INV_FN void pick(float *out, const float *x, const float *w, const int32_t *turn,\n"
    "                 inv_index n)\n"
    "{\n"
    "    for (inv_index i = 0; i < n; i++)\n"
    "        out[i] = x[pick_from(i, turn, n)] * w[i];\n"
    "}\n"
    "INV_FN void pick_gradient_x(float *out, const float *x, const float *w,\n"
    "                            const int32_t *turn, const float *result,\n"
    "                            const float *gradient, inv_index n)\n"
    "{\n"
    "    (void)x, (void)result;\n"
    "    for (inv_index i = 0; i < n; i++)\n"
    "        out[pick_from(i, turn, n)] += gradient[i] * w[i];\n"
    "}\n"
    "INV_FN void pick_gradient_w(float *out, const float *x, const float *w,\n"
    "                            const int32_t *turn, const float *result,\n"
    "                            const float *gradient, inv_index n)\n"
    "{\n"
    "    (void)w, (void)result;\n"
    "    for (inv_index i = 0; i < n; i++)\n"
    "        out[i] = gradient[i] * x[pick_from(i, turn, n)];\n"
    "}\n";

void generated_declare(struct program *program, enum op op)
{
    static struct custom_argument argument[] = {{"x", F32}, {"w", F32}, {"turn", I32}};
    if (op != OP_CUSTOM)
        return;
    program->custom = ARENA_NEW(program->arena, struct custom);
    program->custom_count = 1;
    *program->custom = (struct custom){
        .name = "pick", .argument = argument, .argument_count = 3, .number_count = 1, .dtype = F32,
        .source = diags_add_source(program->diags, "pick.c", pick, sizeof pick - 1, false)};
}

const char *golden_file(struct arena *arena, const char *stem)
{
    const char *source = getenv("INVAR_TEST_SOURCE");
    return arena_printf(arena, "%s/tests/golden/ops/%s.txt", source ? source : INVAR_SOURCE_DIR,
                        stem);
}

static bool make_directory(void)
{
    const char *named = getenv("INVAR_TEST_FOLDER");
    if (!made && named)
        made = snprintf(directory, sizeof directory, "%s", named) < (int)sizeof directory &&
               access(directory, W_OK) == 0;
    else if (!made)
        made = mkdtemp(directory);
    return made;
}

static bool write_source(const char *name, const char *text)
{
    char path[512];
    make_directory();
    snprintf(path, sizeof path, "%s/%s.c", directory, name);
    FILE *file = made ? fopen(path, "wb") : NULL;
    if (!file)
        return false;
    fputs(text, file);
    size_t size = strlen(sources);
    snprintf(sources + size, sizeof sources - size, " %s.c", name);
    return fclose(file) == 0;
}

bool generated_add(struct program *program)
{
    struct graph *graph = program->phase[PHASE_PREDICT];
    struct text text;
    pass_simplify(graph);
    graph_verify(graph, "simplify");
    pass_random(program);
    pass_loops(graph);
    pass_fuse(graph);
    pass_order(graph);
    pass_plan(program);
    graph_verify(graph, "plan");
    text_init(&text, program->arena);
    emit_model(program, &text);
    return write_source(program->name, text.data) &&
           (!generated_beside || generated_beside->add(program, directory));
}

/* Two compilers at a time; -O1 has fusing and selects, and compiles in half the time of -O2. */
const char *generated_load(void)
{
    static char command[sizeof sources + 1024], path[512];
    const char *cc = getenv("CC") ? getenv("CC") : INVAR_CC;
    if (!write_source("support", support))
        return "cannot write the sources";
    snprintf(command, sizeof command,
             "cd %s && { printf '%%s\\n' %s | xargs -P 2 -n 8 %s -std=gnu11 -O1 -fPIC -c "
             "-ffp-contract=off -fno-math-errno -fno-trapping-math -DINV_LEVEL=portable "
             "-I%s/runtime -I%s/runtime/include -I%s/templates && %s -shared -o cases.so *.o; } "
             ">log 2>&1 || { head -n 30 log; false; }",
             directory, sources, cc, INVAR_SOURCE_DIR, INVAR_SOURCE_DIR, INVAR_SOURCE_DIR, cc);
    snprintf(path, sizeof path, "%s/cases.so", directory);
    if (access(path, R_OK) != 0 && system(command) != 0)
        return "the emitted sources do not compile";
    library = dlopen(path, RTLD_NOW);
    if (!library)
        return dlerror();
    return generated_beside ? generated_beside->load(directory) : NULL;
}

void generated_end(void)
{
    char command[512];
    if (library)
        dlclose(library);
    snprintf(command, sizeof command, "rm -r %s", directory);
    if (made && !getenv("INVAR_TEST_FOLDER") && system(command) != 0)
        fprintf(stderr, "cannot remove %s\n", directory);
}

const struct inv_model *generated_model(const struct program *program)
{
    char symbol[128];
    snprintf(symbol, sizeof symbol, "%s_model_portable", program->name);
    return dlsym(library, symbol);
}

struct inv_run *generated_start(const struct inv_model *model, const struct oracle *o)
{
    struct inv_run *run = calloc(1, sizeof *run);
    size_t size = ((size_t)model->arena_bytes + 63) / 64 * 64;
    run->arena = aligned_alloc(64, size > 0 ? size : 64);
    memset(run->arena, 0xff, size);     /* NaN: what is read before it is written shows */
    run->key[0] = o->key[0];
    run->key[1] = o->key[1];
    run->rows = o->rows;
    run->step = (int32_t)o->step;
    run->steps = (int32_t)o->steps;
    run->epoch = (int32_t)o->epoch;
    return run;
}

void generated_stop(struct inv_run *run)
{
    free(run->arena);
    free(run);
}

const struct inv_variable *generated_variable(const struct inv_model *model, const char *path)
{
    for (int i = 0; i < model->variable_count; i++)
        if (strcmp(model->variable[i].path, path) == 0)
            return &model->variable[i];
    return NULL;
}

static void *place(const struct inv_run *run, const struct inv_variable *v)
{
    return run->arena + v->offset;
}

void generated_set(const struct inv_run *run, const struct inv_variable *v, int64_t count,
                   const double *value)
{
    for (int64_t i = 0; i < count; i++)
        if (v->dtype == INV_F32)
            ((float *)place(run, v))[i] = (float)value[i];
        else if (v->dtype == INV_I64)
            ((int64_t *)place(run, v))[i] = (int64_t)value[i];
        else
            ((int32_t *)place(run, v))[i] = (int32_t)value[i];
}

double generated_get(const struct inv_run *run, const struct inv_variable *v, int64_t element)
{
    if (v->dtype == INV_F32)
        return (double)((float *)place(run, v))[element];
    if (v->dtype == INV_I64)
        return (double)((int64_t *)place(run, v))[element];
    return (double)((int32_t *)place(run, v))[element];
}

/* ---- beside ---- */

static int64_t elements(const struct inv_variable *v, int64_t rows)
{
    int64_t count = v->rows >= 0 ? rows : 1;
    for (int i = 0; i < v->rank; i++)
        count *= v->dim[i];
    return count;
}

/* Is one 4-byte word like the other?  NaN is NaN. */
static bool same_word(enum inv_dtype dtype, const unsigned char *a, const unsigned char *b)
{
    float x, y;
    memcpy(&x, a, 4);
    memcpy(&y, b, 4);
    return memcmp(a, b, 4) == 0 || (dtype == INV_F32 && x != x && y != y);
}

static bool same_variable(const struct inv_model *model, const struct inv_variable *v,
                          const struct inv_run *run, const struct inv_run *beside)
{
    int64_t words = elements(v, run->rows) * (v->dtype == INV_I64 ? 2 : 1);
    for (int64_t i = 0; i < words; i++) {
        const unsigned char *a = run->arena + v->offset + 4 * i;
        const unsigned char *b = beside->arena + v->offset + 4 * i;
        if (same_word(v->dtype, a, b))
            continue;
        printf("  %s, %s, word %lld of %lld: C %02x%02x%02x%02x, beside %02x%02x%02x%02x\n",
               model->name, v->path, (long long)i, (long long)words, a[3], a[2], a[1], a[0], b[3],
               b[2], b[1], b[0]);
        return false;
    }
    return true;
}

bool generated_run(const struct inv_model *model, const struct inv_run *run)
{
    size_t size = ((size_t)model->arena_bytes + 63) / 64 * 64;
    struct inv_run beside = *run;
    bool same = true;
    beside.arena = aligned_alloc(64, size > 0 ? size : 64);
    memcpy(beside.arena, run->arena, size);
    model->phase[INV_PREDICT](run);
    if (generated_beside) {
        generated_beside->run(model, &beside);
        for (int i = 0; i < model->variable_count; i++)
            same = same_variable(model, &model->variable[i], run, &beside) && same;
    }
    free(beside.arena);
    return same;
}
