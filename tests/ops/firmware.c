/* Beside the C of the operators' cases run their sources for firmware, compiled for this machine,
 * in small slices: both must give the same bits. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "emit/emit.h"
#include "generated.h"

static void *library;

typedef void run_small(unsigned char *arena, const uint32_t *key, const int32_t *moment);

/* Includes the model, whose phases are its own; a slice is of about 50 operations. */
static const char caller[] =
    "#include \"%s.c\"\n"
    "void %s_small(unsigned char *arena, const uint32_t *key, const int32_t *moment)\n"
    "{\n"
    "    struct inv_run run = {.arena = arena, .weights = arena, .work = arena + WORK_START,\n"
    "                          .key = {key[0], key[1]}, .rows = moment[0], .step = moment[1],\n"
    "                          .steps = moment[2], .epoch = moment[3]};\n"
    "    struct inv_cursor cursor = {0};\n"
    "    int32_t budget;\n"
    "    do\n"
    "        budget = 50;\n"
    "    while (!inv_phase_continue(&run, &predict, &cursor, &budget));\n"
    "}\n";

static bool write_text(const char *directory, const char *name, const char *suffix,
                       const struct text *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/firmware/%s%s", directory, name, suffix);
    FILE *file = fopen(path, "wb");
    if (!file)
        return false;
    fputs(text->data, file);
    return fclose(file) == 0;
}

/* What every model for firmware has, behind all else in the arena: a loss, numbers of rows. */
static void complete(struct program *program)
{
    struct shape scalar = shape_scalar(), rows = shape_of(1, 0, (int64_t[]){1});
    struct variable *loss = program_add_variable(program, VAR_LOSS, "loss", F32, &scalar,
                                                 (struct span){0});
    struct variable *sample = program_add_variable(program, VAR_SAMPLE, "sample", I32, &rows,
                                                   (struct span){0});
    loss->offset = (program->arena_bytes + 63) / 64 * 64;
    sample->offset = loss->offset + 64;
    program->arena_bytes = sample->offset + 64;
    program->sample = sample->id;
    ARENA_PUSH(program->arena, program->report, program->report_count, program->report_room) =
        (struct report){.name = "loss", .loss = true, .better_lower = true, .variable = loss->id};
    memset(program->model_sha256, '0', sizeof program->model_sha256 - 1);
}

static bool add(struct program *program, const char *directory)
{
    struct text files[2], call;
    char path[256];
    snprintf(path, sizeof path, "%s/firmware", directory);
    mkdir(path, 0777);
    text_init(&files[0], program->arena);
    text_init(&files[1], program->arena);
    text_init(&call, program->arena);
    complete(program);
    emit_firmware(program, files);
    text_printf(&call, caller, program->name, program->name);
    return write_text(directory, program->name, ".c", &files[0]) &&
           write_text(directory, program->name, ".h", &files[1]) &&
           write_text(directory, program->name, "_small.c", &call);
}

static const char *load(const char *directory)
{
    static char command[2048], path[256];
    const char *cc = getenv("CC") ? getenv("CC") : INVAR_CC;
    snprintf(command, sizeof command,
             "cd %s/firmware && { printf '%%s\\n' *_small.c | xargs -P 2 -n 8 %s -std=gnu99 -O0 "
             "-fPIC -c -ffp-contract=off -fno-math-errno -fno-trapping-math -I. -I%s/runtime "
             "-I%s/templates && %s -shared -o small.so *.o; } >log 2>&1 || "
             "{ head -n 30 log; false; }",
             directory, cc, INVAR_SOURCE_DIR, INVAR_SOURCE_DIR, cc);
    snprintf(path, sizeof path, "%s/firmware/small.so", directory);
    if (access(path, R_OK) != 0 && system(command) != 0)
        return "the emitted sources for firmware do not compile";
    library = dlopen(path, RTLD_NOW);
    return library ? NULL : dlerror();
}

static void run(const struct inv_model *model, const struct inv_run *state)
{
    char symbol[128];
    const int32_t moment[] = {(int32_t)state->rows, state->step, state->steps, state->epoch};
    run_small *small;
    snprintf(symbol, sizeof symbol, "%s_small", model->name);
    *(void **)&small = dlsym(library, symbol);
    if (small)
        small(state->arena, state->key, moment);
}

static const struct generated_beside beside = {add, load, run};

static void __attribute__((constructor)) begin(void)
{
    generated_beside = &beside;
}
