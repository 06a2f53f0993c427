/* A build of one trainer, and the command lines that compile for it. */
#ifndef INVAR_BUILD_COMPILE_H
#define INVAR_BUILD_COMPILE_H
#include "build/build.h"
#include "build/cache.h"
#include "build/process.h"
#include "build/sources.h"
#include "core/sha256.h"

enum { COMMANDS = 256 };

struct build_kind;

/* The sources of one trainer, compiled in a temporary folder. */
struct build {
    struct arena *arena;
    const struct program *program;
    const struct build_options *options;
    const struct build_kind *kind;
    const char *cc;                     /* as given: may be several words */
    const char *nvcc;                   /* CUDA */
    const char *archs;                  /* CUDA: nvcc's flags for them */
    const char *mpicc;                  /* the path of MPI's compiler; NULL: without MPI */
    const char *folder;                 /* temporary */
    struct cache cache;
    const char *library;                /* the runtime's archive; NULL: not made yet */
    struct sources sources;             /* none: not made yet */
    unsigned levels;                    /* of the model for processors; bit i: levels[i] */
    unsigned known;                     /* to the compiler */
};

/* Commands compile to these. */
struct objects {
    const char *path[COMMANDS];
    int count;
};

/* How trainers of one target are built. */
struct build_kind {
    bool (*open)(struct build *);       /* finds what it needs */
    const struct build_source *sources; /* that are made of the program */
    bool (*write)(const struct build *); /* other sources into the folder; NULL: there are none */
    /* What these, and what compiles all, depend on. */
    void (*hash)(const struct build *, struct inv_sha256 *);
    bool (*compile)(const struct build *, struct objects *);
    struct command_line (*link)(const struct build *, const struct objects *, const char *libraries,
                                const char *out);
};

/* Instruction-set levels, best last. */
struct level {
    const char *name, *flag, *define;
};
extern const struct level build_levels[];
extern const int build_level_count;

/* Finds compiler, runtime and cache; false after an error. */
bool build_open(struct build *, const struct program *, const struct build_options *);
/* In the temporary folder, once it is there: finds the levels that the compiler knows, and drops
 * the others; base is always left. */
void build_find_levels(struct build *);
/* Where there is no built runtime for this compiler and these flags: makes one, once. */
bool build_make_library(struct build *);
/* Compiles the model for its levels, to the first objects. */
bool build_compile_levels(const struct build *, struct objects *);
/* Links main.c, objects and the runtime to a program. */
bool build_link(const struct build *, const struct objects *, const char *out);
void build_close_folder(struct build *);
/* The temporary folder. */
struct place build_place(const struct build *);
/* Adds a text with its end to what is hashed. */
void build_hash_text(struct inv_sha256 *, const char *);
/* "cc FLAGS" */
struct command_line build_begin_line(const struct build *);
void build_add_folders(const struct build *, struct command_line *);
/* "cc FLAGS [-march] [user's flags] -Ifolders -c source -o object"; level NULL: of none. */
struct command_line build_level_line(const struct build *, const struct level *,
                                     const char *source, const char *object);
struct command_line build_compile_line(const struct build *, const char *source,
                                       const char *object);
/* Adds "-Ifolders -c source -o object". */
void build_add_source(const struct build *, struct command_line *, const char *source,
                      const char *object);

#endif
