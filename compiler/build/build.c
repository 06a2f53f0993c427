#include "build/build.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "build/cuda.h"
#include "build/mpi.h"
#include "core/sha256.h"
#include "base/embedded.h"
#include "emit/emit.h"
#include "host/environment.h"
#include "host/output.h"

const struct level build_levels[] = {
#if defined(__aarch64__)
    {"neon", NULL, "-DINV_WITH_NEON"},
#else
    {"portable", NULL, "-DINV_WITH_PORTABLE"},
#endif
#if defined(__x86_64__)
    {"avx2", "-march=x86-64-v3", "-DINV_WITH_AVX2"},
    {"avx512", "-march=x86-64-v4", "-DINV_WITH_AVX512"},
#endif
};
enum { LEVELS = sizeof build_levels / sizeof *build_levels };
const int build_level_count = LEVELS;

/* ---- emit ---- */

static const struct build_source sources[] = {
    {{".c"}, emit_model}, {{".h"}, emit_header}, {{"main.c"}, emit_main}, {{NULL}, NULL}};

int build_emit(const struct program *program, const char *dir, struct inv_claims *claims)
{
    struct place place = {.arena = program->arena, .folder = dir, .claims = claims};
    struct sources made = build_make_sources(program, sources);
    bool good = build_write_sources(&made, &place) &&
                build_write_glue(program, "templates/program/", &place) &&
                build_write_runtime(&place, false) && build_write_mpi(&place) &&
                files_finish(&place);
    return good ? 0 : 1;
}

/* ---- compiler and library ---- */

static const char *first_word(struct arena *arena, const char *words)
{
    struct command_line line = {.arena = arena};
    command_add_words(&line, words);
    return line.count > 0 ? line.word[0] : "";
}

static bool find_compiler(struct build *build)
{
    const char *environment = getenv("CC");
    build->cc = build->options->cc ? build->options->cc : environment && *environment ? environment
                                                                                      : "cc";
    if (files_find_command(build->arena, first_word(build->arena, build->cc)))
        return true;
    fprintf(stderr,
            "invar: error: no C compiler: there is no command '%s'\n"
            "help: install gcc or clang (Debian: apt-get install gcc), or name one by --cc or CC\n",
            first_word(build->arena, build->cc));
    return false;
}

static const char *parent(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? arena_strndup(arena, path, (size_t)(slash - path)) : ".";
}

/* libinvar_runtime.a beside the executable's bin folder, or below INVAR_HOME.  NULL where it is
 * not there; then the runtime is compiled from the sources that the executable carries. */
static const char *find_library(struct arena *arena)
{
    const char *home = getenv("INVAR_HOME");
    const char *executable = files_executable(arena);
    const char *root = home && *home  ? home
                       : executable ? parent(arena, parent(arena, executable))
                                    : ".";
    const char *path = arena_printf(arena, "%s/lib/invar/libinvar_runtime.a", root);
    if (files_exist(path))
        return path;
#if defined(__x86_64__)
    path = arena_printf(arena, "%s/lib/x86_64-linux-gnu/invar/libinvar_runtime.a", root);
#endif
    return files_exist(path) ? path : NULL;
}

static const struct build_kind build_processor;

bool build_open(struct build *build, const struct program *program,
                       const struct build_options *options)
{
    *build = (struct build){.arena = program->arena, .program = program, .options = options,
                            .kind = options->cuda ? &build_cuda : &build_processor};
    if (!find_compiler(build) || !build->kind->open(build))
        return false;
    if (!options->cc && !options->cflags)
        build->library = find_library(build->arena);
    build->cache = cache_open(build->arena);
    return true;
}

/* ---- what was built before ---- */

/* Emits what key and files are made of, once. */
static const struct sources *make_sources(struct build *build)
{
    if (!build->sources.count)
        build->sources = build_make_sources(build->program, build->kind->sources);
    return &build->sources;
}

static void hash_processor(const struct build *build, struct inv_sha256 *hash)
{
    build_hash_text(hash, arena_printf(build->arena, "levels %u", build->levels));
    mpi_hash(build, hash);
}

/* What a trainer, or a runtime alone, depends on: sources, compiler and flags. */
static const char *build_key(struct build *build, bool trainer)
{
    struct arena *arena = build->arena;
    const struct sources *made = trainer ? make_sources(build) : NULL;
    struct inv_sha256 hash;
    unsigned char digest[32];
    inv_sha256_init(&hash);
    if (trainer) {
        for (int i = 0; i < made->count; i++)
            build_hash_text(&hash, made->file[i].data);
        build->kind->hash(build, &hash);
        build_hash_text(&hash, files_stamp(arena, build->library));
    }
    build_hash_text(&hash, INVAR_VERSION " " BUILD_FLAGS " " RUNTIME_FLAGS);
    build_hash_text(&hash, build->options->cflags ? build->options->cflags : "");
    build_hash_text(&hash, build->cc);
    const char *compiler = files_find_command(arena, first_word(arena, build->cc));
    build_hash_text(&hash, files_stamp(arena, compiler));
    for (int i = 0; i < embedded_file_count; i++)
        if (build_runtime_place(arena, &embedded_files[i]))
            build_hash_text(&hash, embedded_files[i].data);
    inv_sha256_final(&hash, digest);
    char *key = arena_alloc(arena, 65);
    for (int i = 0; i < 32; i++)
        snprintf(key + 2 * i, 3, "%02x", digest[i]);
    return key;
}

/* ---- commands ---- */

static void add_compile(const struct build *build, struct command_line *lines,
                        struct objects *objects, const struct level *level, const char *source,
                        const char *name)
{
    const char *object = arena_printf(build->arena, "%s/%s%s%s.o", build->folder, name,
                                      level ? "_" : "", level ? level->name : "");
    lines[objects->count] = build_level_line(build, level, source, object);
    objects->path[objects->count++] = object;
}

static void add_runtime(const struct build *build, struct command_line *lines,
                        struct objects *objects)
{
    for (int i = 0; i < embedded_file_count && objects->count < COMMANDS - LEVELS; i++) {
        const char *path = embedded_files[i].path;
        if (!build_is_source(path))
            continue;
        const char *source = arena_printf(build->arena, "%s/%s", build->folder, path);
        const char *base = strrchr(path, '/') + 1;
        const char *name = arena_printf(build->arena, "runtime_%.*s", (int)strlen(base) - 2, base);
        for (int l = 0; l < LEVELS; l++)
            if (build_is_leveled(path) && build->known >> l & 1)
                add_compile(build, lines, objects, &build_levels[l], source, name);
        if (!build_is_leveled(path))
            add_compile(build, lines, objects, NULL, source, name);
    }
}

/* Compiles the runtime's sources into an archive in the temporary folder; NULL after an error. */
static const char *archive_runtime(const struct build *build)
{
    struct command_line lines[COMMANDS], archive = {.arena = build->arena};
    struct objects objects = {.count = 0};
    const char *made = arena_printf(build->arena, "%s/runtime.a", build->folder);
    bool verbose = build->options->verbose;
    add_runtime(build, lines, &objects);
    for (int i = 0; i < objects.count; i++)
        command_add_words(&lines[i], RUNTIME_FLAGS);
    command_add_words(&archive, "ar rcs");
    command_add(&archive, made);
    for (int i = 0; i < objects.count; i++)
        command_add(&archive, objects.path[i]);
    bool good = command_run_all(lines, objects.count, build->folder, verbose, false) &&
                command_run_all(&archive, 1, build->folder, verbose, false);
    return good ? made : NULL;
}

bool build_make_library(struct build *build)
{
    if (build->library)
        return true;
    const char *key = build_key(build, false);
    int file = cache_find(&build->cache, "runtime", key, &build->library);
    if (file >= 0)
        return close(file) == 0;
    build->library = archive_runtime(build);
    return build->library && (cache_add(&build->cache, "runtime", key, build->library) || true);
}

void build_find_levels(struct build *build)
{
    build->known = 0;
    for (int l = 0; l < LEVELS; l++) {
        struct command_line line = {.arena = build->arena};
        command_add_words(&line, build->cc);
        command_add(&line, build_levels[l].flag ? build_levels[l].flag : "-O");
        command_add_words(&line, "-E -x c /dev/null");
        if (!build_levels[l].flag ||
            command_run_all(&line, 1, build->folder, build->options->verbose, true))
            build->known |= 1u << l;
    }
    build->levels &= build->known;
    build->levels = build->levels != 0 ? build->levels : 1;
}

bool build_compile_levels(const struct build *build, struct objects *objects)
{
    struct command_line lines[LEVELS + 1];
    const char *name = emit_file_name(build->program);
    const char *model = arena_printf(build->arena, "%s/%s.c", build->folder, name);
    for (int l = 0; l < LEVELS; l++)
        if (build->levels >> l & 1)
            add_compile(build, lines, objects, &build_levels[l], model, name);
    if (build->mpicc)
        mpi_add_compile(build, lines, objects);
    return command_run_all(lines, objects->count, build->folder, build->options->verbose, false);
}

static struct command_line link_line(const struct build *build, const struct objects *objects,
                                     const char *libraries, const char *out)
{
    struct command_line line = build->mpicc ? mpi_begin_line(build) : build_begin_line(build);
    if (build->options->cflags)
        command_add_words(&line, build->options->cflags);
    for (int l = 0; l < LEVELS; l++)
        if (build->levels >> l & 1)
            command_add(&line, build_levels[l].define);
    if (build->mpicc)
        command_add(&line, "-DINV_WITH_MPI");
    build_add_folders(build, &line);
    command_add(&line, arena_printf(build->arena, "%s/main.c", build->folder));
    for (int i = 0; i < objects->count; i++)
        command_add(&line, objects->path[i]);
    command_add(&line, build->library);
    command_add_words(&line, libraries);
    command_add(&line, "-pthread"); /* and no libm, which has nothing that trainers call */
    command_add(&line, "-o");
    command_add(&line, out);
    return line;
}

static bool open_processor(struct build *build)
{
    build->levels = (1u << LEVELS) - 1;
    return !build->options->mpi || mpi_open(build);
}

static bool write_processor(const struct build *build)
{
    struct place place = build_place(build);
    return !build->mpicc || build_write_mpi(&place);
}

static const struct build_kind build_processor = {
    .open = open_processor, .sources = sources, .write = write_processor, .hash = hash_processor,
    .compile = build_compile_levels, .link = link_line};

/* What a trainer links: statically, else shared.  Those of images come first, for models that read
 * some; a runtime that was built without them does without here, too. */
static const char *const libraries[] = {
    "-l:libpng.a -l:libjpeg.a -l:libz.a -lm", "-lpng -ljpeg -lz", "-l:libz.a", "-lz"};
enum { LIBRARIES = sizeof libraries / sizeof *libraries, WITHOUT_IMAGES = 2 };

static bool link_with(const struct build *build, const struct objects *objects, const char *names,
                      const char *out, bool quiet)
{
    struct command_line line = build->kind->link(build, objects, names, out);
    return command_run_all(&line, 1, build->folder, build->options->verbose, quiet);
}

/* The last words are the linker's own, of all shared. */
bool build_link(const struct build *build, const struct objects *objects, const char *out)
{
    static const struct { const char *library, *package; } needed[] = {
        {"-lz", "zlib1g-dev"}, {"-lpng", "libpng-dev"}, {"-ljpeg", "libjpeg62-turbo-dev"},
        {"-lnccl", "libnccl-dev, of NVIDIA's packages"}};
    int first = program_reads(build->program, FORM_IMAGE) ? 0 : WITHOUT_IMAGES;
    for (int i = first; i < LIBRARIES - (first == WITHOUT_IMAGES); i++)
        if (link_with(build, objects, libraries[i], out, true))
            return true;
    if (link_with(build, objects, libraries[first + 1], out, false))
        return true;
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (command_said(build->arena, build->folder, needed[i].library))
            fprintf(stderr, "help: a trainer needs %s (Debian: apt-get install %s)\n",
                    needed[i].library + 2, needed[i].package);
    return false;
}

/* Compiles the trainer in a temporary folder; NULL after an error.  build_close_folder in any
 * case. */
static const char *compile_trainer(struct build *build)
{
    build->folder = files_temporary(build->arena);
    if (!build->folder)
        return NULL;
    struct objects objects = {.count = 0};
    struct place place = build_place(build);
    const char *made = arena_printf(build->arena, "%s/trainer", build->folder);
    build_find_levels(build);
    bool good = build_write_sources(make_sources(build), &place) &&
                (!build->kind->write || build->kind->write(build)) &&
                build_write_runtime(&place, build->library != NULL) && build_make_library(build) &&
                build->kind->compile(build, &objects) && build_link(build, &objects, made);
    return good ? made : NULL;
}

void build_close_folder(struct build *build)
{
    if (build->folder)
        files_remove_temporary(build->folder);
}

int build_trainer(const struct program *program, const char *out,
                  const struct build_options *options, struct inv_claims *claims)
{
    struct build build;
    struct program placed = *program;   /* a trainer finds data beside its model */
    if (!inv_claims_output(claims, "-o", out) ||
        !inv_output_possible(out, INV_PROGRAM, claims->errors) ||
        !build_open(&build, &placed, options))
        return 1;
    placed.model_folder = files_between(build.arena, out, program->model_path);
    const char *made = compile_trainer(&build);
    bool good = made && files_install(made, out, claims->errors);
    build_close_folder(&build);
    return good ? 0 : 1;
}

/* ---- run ---- */

/* The best level that this machine has, or the one that INVAR_ISA names. */
static int machine_level(void)
{
    const char *wanted = getenv("INVAR_ISA");
    for (int l = 0; wanted && l < LEVELS; l++)
        if (strcmp(wanted, build_levels[l].name) == 0)
            return l;
    return inv_environment_rank();
}

extern char **environ;

/* Returns where the file cannot be started, and closes it. */
static void become_trainer(int file, const char *name, int argc, char **argv)
{
    char **argument = calloc((size_t)argc + 2, sizeof *argument);
    if (file < 0 || !argument)
        return;
    argument[0] = strdup(name);
    for (int i = 1; i < argc; i++)
        argument[i] = argv[i];
    fflush(NULL);
    fexecve(file, argument, environ);
    free(argument);
    close(file);
}

static int cannot_start(const struct build *build)
{
    fprintf(stderr, "invar: error: cannot start the trainer of %s: %s\nhelp: let TMPDIR name a "
            "folder whose files may be executed, or build it where you need it: invar build\n",
            build->program->model_path, strerror(errno));
    return 1;
}

/* On a terminal: what takes its time before the first epoch. */
static void say_compiling(const struct build *build, int argc, char **argv)
{
    const char *level = build_levels[machine_level()].name;
    bool says = isatty(STDERR_FILENO);
    for (int i = 1; i < argc; i++)
        says = says && strcmp(argv[i], "--quiet") != 0;
    if (says)
        fprintf(stderr, "compiling %s with %s for %s\n", build->program->model_path,
                build->nvcc ? build->nvcc : build->cc, build->nvcc ? "CUDA" : level);
}

static void set_model_folder(const struct program *program)
{
    const char *slash = strrchr(program->model_path, '/');
    size_t folder = slash ? (size_t)(slash - program->model_path) : 0;
    setenv("INVAR_MODEL_FOLDER", !slash ? "." : folder ? arena_strndup(program->arena,
           program->model_path, folder) : "/", 1);
}

/* The trainer of that path, open, becomes this program, or mpirun does, which starts it. */
static void start_trainer(const struct build *build, int file, const char *path, int argc,
                          char **argv)
{
    if (file >= 0 && build->options->ranks)
        mpi_become_run(build, path, argc, argv);
    else
        become_trainer(file, build->program->name, argc, argv);
}

int build_run(const struct program *program, int argc, char **argv,
              const struct build_options *options)
{
    struct build build;
    const char *path, *name = program->name;
    if (!build_open(&build, program, options))
        return 1;
    set_model_folder(program);
    build.levels = 1u << machine_level();
    const char *key = build_key(&build, true);
    int file = cache_find(&build.cache, name, key, &path);
    if (file >= 0) {
        start_trainer(&build, file, path, argc, argv);
        unlink(path);
    }
    say_compiling(&build, argc, argv);
    const char *made = compile_trainer(&build);
    file = made ? open(made, O_RDONLY | O_CLOEXEC) : -1;
    bool kept = made && cache_add(&build.cache, name, key, made);
    build_close_folder(&build);
    if (!made)
        return 1;
    if (!options->ranks)
        become_trainer(file, name, argc, argv);
    if (kept) {                         /* where nothing in TMPDIR may be executed, or for mpirun */
        file = cache_find(&build.cache, name, key, &path);
        start_trainer(&build, file, path, argc, argv);
    }
    return options->ranks ? mpi_cannot_start(&build) : cannot_start(&build);
}

int build_attend(const struct program *program, int argc, char **argv,
                 const struct build_options *options)
{
    pid_t child = process_begin();
    if (child == 0)
        exit(build_run(program, argc, argv, options));
    if (child > 0)
        return process_end(child);
    fprintf(stderr, "invar: error: cannot start a process: %s\n", strerror(errno));
    return 1;
}
