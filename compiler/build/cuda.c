/* Trainers on a CUDA device: their sources on disk, and what nvcc makes of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "build/cuda.h"
#include "build/mpi.h"
#include "base/embedded.h"
#include "emit/emit.h"

/* Every build rounds as written, on the device and beside it; docs/numerics.md, section 1. */
#define NVCC_FLAGS "-std=c++17 -O3 -fmad=false -ftz=false -prec-div=true -prec-sqrt=true"
#define NVCC_HOST_FLAGS "-Xcompiler -ffp-contract=off,-fno-math-errno,-fno-trapping-math"

/* Compute capabilities that a trainer has code for, where nvcc offers it. */
static const char *const usual_archs[] = {"75", "80", "86", "89", "90"};
enum { USUAL_ARCHS = sizeof usual_archs / sizeof *usual_archs };

/* ---- sources ---- */

static bool is_cuda_source(const struct program *program, const struct embedded_file *file)
{
    return build_is_cuda(program, file) && file->path[strlen(file->path) - 1] != 'h';
}

static bool write_cuda_runtime(const struct program *program, struct place *place)
{
    for (int i = 0; i < embedded_file_count; i++) {
        const struct embedded_file *file = &embedded_files[i];
        if (build_is_cuda(program, file) &&
            !files_write(place, file->path, file->data, file->size))
            return false;
    }
    return true;
}

static const struct build_source sources[] = {
    {{".cu", ".c"}, emit_cuda}, {{".h"}, emit_cuda_header}, {{"main.c"}, emit_cuda_main},
    {{NULL}, NULL}};

int build_cuda_emit(const struct program *program, const char *dir, struct inv_claims *claims)
{
    struct place place = {.arena = program->arena, .folder = dir, .claims = claims};
    struct sources made = build_make_sources(program, sources);
    bool good = build_write_sources(&made, &place) &&
                build_write_glue(program, "templates/program/cuda_", &place) &&
                build_write_runtime(&place, false) && write_cuda_runtime(program, &place) &&
                build_write_mpi(&place) && build_write_nccl(&place) && files_finish(&place);
    return good ? 0 : 1;
}

/* ---- nvcc and what it makes code for ---- */

static bool find_nvcc(struct build *build)
{
    static const char *const usual[] = {"nvcc", "/usr/local/cuda/bin/nvcc"};
    const char *environment = getenv("NVCC");
    bool named = environment && *environment;
    for (int i = 0; i < (named ? 1 : 2) && !build->nvcc; i++)
        build->nvcc = files_find_command(build->arena, named ? environment : usual[i]);
    if (!build->nvcc)
        fprintf(stderr,
                "invar: error: no CUDA compiler: there is no command '%s'\n"
                "help: install the CUDA Toolkit 12 or later and add its bin folder to PATH, or "
                "name nvcc by NVCC; 'invar emit --target cuda' needs none\n",
                named ? environment : "nvcc");
    return build->nvcc != NULL;
}

/* What `nvcc --list-gpu-code` prints: "sm_75\nsm_80\n.."; "" where it fails. */
static const char *list_offered(const struct build *build)
{
    struct text text;
    char line[256];
    text_init(&text, build->arena);
    text_puts(&text, "\n");
    FILE *pipe = popen(arena_printf(build->arena, "'%s' --list-gpu-code 2>&1", build->nvcc), "r");
    while (pipe && fgets(line, sizeof line, pipe))
        text_puts(&text, line);
    if (pipe)
        pclose(pipe);
    return text.data;
}

static bool is_offered(const struct build *build, const char *offered, const char *arch)
{
    return strstr(offered, arena_printf(build->arena, "\nsm_%s\n", arch)) != NULL;
}

static void add_code(struct text *flags, const char *arch)
{
    text_printf(flags, " -gencode arch=compute_%s,code=sm_%s", arch, arch);
}

/* Machine code for each, and PTX of the last for devices yet to come. */
static bool choose_archs(struct build *build, const char *const *arch, int count, bool must)
{
    const char *offered = list_offered(build), *last = NULL;
    struct text flags;
    text_init(&flags, build->arena);
    for (int i = 0; i < count; i++)
        if (is_offered(build, offered, arch[i])) {
            add_code(&flags, arch[i]);
            last = arch[i];
        } else if (must) {
            fprintf(stderr, "invar: error: --arch %s: %s makes no code for that\n"
                    "help: '%s --list-gpu-code' lists what it offers\n", arch[i], build->nvcc,
                    build->nvcc);
            return false;
        }
    if (!last) {
        fprintf(stderr, "invar: error: %s makes code for none of compute capability 7.5 to 9.0\n"
                "help: choose by --arch from '%s --list-gpu-code'\n", build->nvcc, build->nvcc);
        return false;
    }
    text_printf(&flags, " -gencode arch=compute_%s,code=compute_%s", last, last);
    build->archs = flags.data;
    return true;
}

/* "80,90" or "native". */
static bool wanted_archs(struct build *build, const char *list)
{
    const char **arch = ARENA_ARRAY(build->arena, const char *, strlen(list) + 1);
    int count = 0;
    for (const char *c = list; *c; c += c[0] == ',') {
        size_t size = strcspn(c, ",");
        arch[count++] = arena_strndup(build->arena, c, size);
        c += size;
    }
    build->archs = "-arch=native";
    return strcmp(list, "native") == 0 || choose_archs(build, arch, count, true);
}

static bool open_cuda(struct build *build)
{
    if (!find_nvcc(build) || (build->options->mpi && !mpi_open(build)))
        return false;
    return build->options->archs ? wanted_archs(build, build->options->archs)
                                 : choose_archs(build, usual_archs, USUAL_ARCHS, false);
}

/* ---- building ---- */

static bool write_cuda(const struct build *build)
{
    struct place place = build_place(build);
    return write_cuda_runtime(build->program, &place) &&
           (!build->mpicc || build_write_mpi(&place)) &&
           (!build->options->nccl || build_write_nccl(&place));
}

static void hash_cuda(const struct build *build, struct inv_sha256 *hash)
{
    build_hash_text(hash, NVCC_FLAGS NVCC_HOST_FLAGS);
    build_hash_text(hash, build->archs);
    build_hash_text(hash, files_stamp(build->arena, build->nvcc));
    for (int i = 0; i < embedded_file_count; i++)
        if (build_is_cuda(build->program, &embedded_files[i]))
            build_hash_text(hash, embedded_files[i].data);
    mpi_hash(build, hash);
    for (int i = 0; build->options->nccl && i < embedded_file_count; i++)
        if (build_is_nccl(&embedded_files[i]))
            build_hash_text(hash, embedded_files[i].data);
}

static struct command_line nvcc_line(const struct build *build, const char *source,
                                     const char *object)
{
    struct command_line line = {.arena = build->arena};
    command_add(&line, build->nvcc);
    command_add_words(&line, NVCC_FLAGS " " NVCC_HOST_FLAGS);
    command_add_words(&line, build->archs);
    command_add(&line, "-DINV_NVCC_FLAGS=\"" NVCC_FLAGS "\"");
    build_add_source(build, &line, source, object);
    return line;
}

/* C that includes a vendor's headers, whose place nvcc knows. */
static struct command_line vendor_line(const struct build *build, const char *source,
                                       const char *object)
{
    struct command_line line = {.arena = build->arena};
    command_add(&line, build->nvcc);
    build_add_source(build, &line, source, object);
    return line;
}

static void add_source(const struct build *build, struct command_line *lines,
                       struct objects *objects, const char *source)
{
    const char *path = arena_printf(build->arena, "%s/%s", build->folder, source);
    const char *object = arena_printf(build->arena, "%s/%d.o", build->folder, objects->count);
    bool device = strcmp(source + strlen(source) - 3, ".cu") == 0;
    lines[objects->count] = device ? nvcc_line(build, path, object)
                            : strstr(source, "runtime/cuda/") == source ||
                                      strstr(source, "runtime/nccl/") == source
                                ? vendor_line(build, path, object)
                                : build_compile_line(build, path, object);
    objects->path[objects->count++] = object;
}

/* The program's entry, which knows of ranks where they are to be. */
static void add_main(const struct build *build, struct command_line *lines,
                     struct objects *objects)
{
    struct command_line *line = &lines[objects->count];
    add_source(build, lines, objects, "main.c");
    if (build->mpicc)
        command_add(line, "-DINV_WITH_MPI");
}

static bool compile_all(const struct build *build, struct command_line *lines,
                        const struct objects *objects)
{
    if (command_run_all(lines, objects->count, build->folder, build->options->verbose, false))
        return true;
    if (build->options->nccl && command_said(build->arena, build->folder, "nccl.h"))
        fprintf(stderr, "help: there is no NCCL: install it (NVIDIA's packages: apt-get install "
                "libnccl-dev), or leave --nccl out, and ranks exchange sums by MPI alone\n");
    return false;
}

static bool compile_cuda(const struct build *build, struct objects *objects)
{
    struct command_line lines[COMMANDS];
    const char *name = emit_file_name(build->program);
    add_source(build, lines, objects, arena_printf(build->arena, "%s.cu", name));
    for (int i = 0; i < embedded_file_count; i++)
        if (is_cuda_source(build->program, &embedded_files[i]))
            add_source(build, lines, objects, embedded_files[i].path);
        else if (build->options->nccl && build_is_nccl(&embedded_files[i]))
            add_source(build, lines, objects, embedded_files[i].path);
    add_source(build, lines, objects, arena_printf(build->arena, "%s.c", name));
    add_main(build, lines, objects);
    if (build->mpicc)
        mpi_add_compile(build, lines, objects);
    return compile_all(build, lines, objects);
}

static struct command_line link_cuda(const struct build *build, const struct objects *objects,
                                     const char *libraries, const char *out)
{
    struct command_line line = {.arena = build->arena};
    command_add(&line, build->nvcc);
    command_add_words(&line, build->archs);
    if (build->mpicc) {                 /* which links a program as the C compiler does */
        command_add(&line, "-ccbin");
        command_add(&line, build->mpicc);
    }
    for (int i = 0; i < objects->count; i++)
        command_add(&line, objects->path[i]);
    command_add(&line, build->library);
    struct command_line names = {.arena = build->arena};
    command_add_words(&names, libraries);
    for (int i = 0; i < names.count; i++) {
        command_add(&line, "-Xlinker");
        command_add(&line, names.word[i]);
    }
    command_add_words(&line, build->options->nccl ? "-lnccl" : "");
    command_add_words(&line, build->mpicc ? "-lstdc++" : "");
    command_add_words(&line, build->program->library_kernels ? "-ldl" : "");
    command_add_words(&line, "-lm -Xcompiler -pthread -o");
    command_add(&line, out);
    return line;
}

const struct build_kind build_cuda = {open_cuda, sources, write_cuda, hash_cuda, compile_cuda,
                                      link_cuda};
