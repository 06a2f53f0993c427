#include "build/mpi.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/embedded.h"

/* ---- building ---- */

/* The compilers of MPI libraries call the one that the environment names. */
static void name_compiler(const struct build *build)
{
    static const char *const names[] = {"OMPI_CC", "MPICH_CC", "I_MPI_CC"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        setenv(names[i], build->cc, 1);
}

bool mpi_open(struct build *build)
{
    static const char *const usual[] = {"mpicc", "mpicc.openmpi", "mpicc.mpich"};
    const char *environment = getenv("MPICC");
    bool named = environment && *environment;
    for (int i = 0; i < (named ? 1 : 3) && !build->mpicc; i++)
        build->mpicc = files_find_command(build->arena, named ? environment : usual[i]);
    if (build->mpicc) {
        name_compiler(build);
        return true;
    }
    fprintf(stderr,
            "invar: error: no compiler of MPI: there is no command '%s'\n"
            "help: install Open MPI or MPICH (Debian: apt-get install libopenmpi-dev openmpi-bin), "
            "or name its mpicc by MPICC\n",
            named ? environment : "mpicc");
    return false;
}

void mpi_hash(const struct build *build, struct inv_sha256 *hash)
{
    if (!build->mpicc)
        return;
    build_hash_text(hash, files_stamp(build->arena, build->mpicc));
    for (int i = 0; i < embedded_file_count; i++)
        if (build_is_mpi(&embedded_files[i]))
            build_hash_text(hash, embedded_files[i].data);
}

struct command_line mpi_begin_line(const struct build *build)
{
    struct command_line line = {.arena = build->arena};
    command_add(&line, build->mpicc);
    command_add_words(&line, BUILD_FLAGS);
    return line;
}

void mpi_add_compile(const struct build *build, struct command_line *lines,
                     struct objects *objects)
{
    const char *object = arena_printf(build->arena, "%s/mpi.o", build->folder);
    struct command_line line = mpi_begin_line(build);
    if (build->options->cflags)
        command_add_words(&line, build->options->cflags);
    if (build->options->nccl)
        command_add(&line, "-DINV_WITH_NCCL");
    build_add_source(build, &line, arena_printf(build->arena, "%s/runtime/mpi/ranks.c",
                                                build->folder), object);
    lines[objects->count] = line;
    objects->path[objects->count++] = object;
}

/* ---- running ---- */

/* What belongs to that mpicc: beside it, with the same ending. */
static const char *find_run(const struct build *build)
{
    const char *named = getenv("MPIRUN"), *slash = strrchr(build->mpicc, '/');
    const char *ending = strstr(slash ? slash : build->mpicc, "mpicc");
    if (named && *named)
        return files_find_command(build->arena, named);
    if (!ending)
        return NULL;
    return files_find_command(build->arena,
                              arena_printf(build->arena, "%.*smpirun%s",
                                           (int)(ending - build->mpicc), build->mpicc, ending + 5));
}

/* Where the user says nothing else: Open MPI starts more ranks than there are processors, and lets
 * the threads of a rank have all of them.  4 reads the first of each pair, 5 the other. */
static void prepare_environment(void)
{
    static const char *const set[][2] = {
        {"OMPI_MCA_rmaps_base_oversubscribe", "1"},
        {"PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe"},
        {"OMPI_MCA_hwloc_base_binding_policy", "none"},
        {"PRTE_MCA_hwloc_default_binding_policy", "none"}};
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        setenv(set[i][0], set[i][1], 0);
}

void mpi_become_run(const struct build *build, const char *trainer, int argc, char **argv)
{
    const char *run = find_run(build);
    char **word = calloc((size_t)argc + 4, sizeof *word);
    int count = 0;
    if (!run || !word)
        return;
    word[count++] = strdup(run);
    word[count++] = strdup("-n");
    word[count++] = strdup(build->options->ranks);
    word[count++] = strdup(trainer);
    for (int i = 1; i < argc; i++)
        word[count++] = argv[i];
    prepare_environment();
    fflush(NULL);
    execv(run, word);
}

int mpi_cannot_start(const struct build *build)
{
    const char *run = find_run(build), *named = getenv("MPIRUN");
    if (!run && named && *named)
        fprintf(stderr, "invar: error: there is no command '%s', which MPIRUN names\n"
                "help: name the mpirun of %s, or leave MPIRUN out\n", named, build->mpicc);
    else if (!run)
        fprintf(stderr, "invar: error: there is no mpirun that belongs to %s\n"
                "help: install it (Debian: apt-get install openmpi-bin), or name it by MPIRUN\n",
                build->mpicc);
    else
        fprintf(stderr, "invar: error: cannot start %s by %s: %s\nhelp: it needs the cache of "
                "trainers, in XDG_CACHE_HOME; or build it where you want it: invar build --mpi, "
                "then mpirun\n", build->program->model_path, run, strerror(errno));
    return 1;
}
