/* Files and commands of the build driver. */
#ifndef INVAR_BUILD_PRIVATE_H
#define INVAR_BUILD_PRIVATE_H
#include <stdbool.h>
#include "base/text.h"
#include "build/build.h"
#include "core/sha256.h"
#include "host/claims.h"

#ifndef INVAR_VERSION
#define INVAR_VERSION "0"
#endif

enum { COMMANDS = 256 };

/* A file that waits for files_finish. */
struct emitted { const char *name, *data; size_t size; };

/* The files that are made of a program. */
struct sources { struct emitted *file; int count; };

/* A folder that sources are written to. */
struct place {
    struct arena *arena;
    const char *folder;
    struct inv_claims *claims;          /* what must not be overwritten; NULL: a temporary folder,
                                         * in which files are written as they are */
    struct emitted *file;               /* else: what files_finish writes */
    int file_count, file_room;
};

struct build_kind;

/* What was built before, in a folder that no other user can write to. */
struct cache {
    struct arena *arena;
    const char *folder;                 /* NULL: no cache */
    int handle;                         /* of the folder */
};

/* The sources of one trainer, compiled in a temporary folder. */
struct build {
    struct arena *arena;
    const struct program *program;
    const struct build_options *options;
    const struct build_kind *kind;
    const char *cc;                     /* as given: may be several words */
    const char *nvcc;                   /* CUDA */
    const char *archs;                  /* CUDA: nvcc's flags for them */
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

/* ---- process.c ---- */
struct command_line {
    struct arena *arena;
    const char **word;
    int count, room;
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
extern const struct build_kind build_cuda;

/* ---- sources.c: false after printing what failed ---- */
struct embedded_file;
/* A file made of a program: NAME and suffix, or main.c. */
struct build_source {
    const char *suffix;                 /* NULL: main.c */
    void (*emit)(const struct program *, struct text *); /* NULL ends a list */
};
struct sources build_make_sources(const struct program *, const struct build_source *);
bool build_write_sources(const struct sources *, struct place *);
bool build_write_text(struct place *, const char *name, const struct text *);
/* CMakeLists.txt and README.md from templates whose paths begin so. */
bool build_write_glue(const struct program *, const char *templates, struct place *);
/* The runtime's sources for the processor. */
bool build_write_runtime(struct place *, bool headers_only);
/* Where an embedded file belongs below the folder of a program, or NULL. */
const char *build_runtime_place(struct arena *, const struct embedded_file *);
/* Whether a program on CUDA devices is also made of that file. */
bool build_is_cuda(const struct program *, const struct embedded_file *);
/* Is it the runtime's, for a processor? */
bool build_is_source(const char *path);
/* Is it compiled once for each instruction-set level? */
bool build_is_leveled(const char *path);
bool build_ends_with(const char *text, const char *end);

/* ---- compile.c ---- */
/* Every build rounds as written; docs/numerics.md, section 1. */
#define BUILD_FLAGS "-std=gnu11 -O3 -ffp-contract=off -fno-math-errno -fno-trapping-math"
/* Instruction-set levels, best last. */
struct level {
    const char *name, *flag, *define;
};
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

/* ---- files.c: false after printing what failed and its cure ---- */
/* Makes the folder of a file of that name, and those above it. */
bool files_make_parent(const struct place *, const char *name);
/* The data stay as they are until files_finish. */
bool files_write(struct place *, const char *name, const char *data, size_t size);
/* Writes all that was handed to files_write, and a list of it.  Nothing, where a file of these
 * names is there that is on no such list, or is not as it was when it was listed. */
bool files_finish(struct place *);
/* Makes a folder that others can be kept out of, and those above it, in silence. */
bool files_make_private(const char *path);
/* Copies a program as host/output.h does. */
bool files_install(const char *from, const char *to, struct inv_errors *);
/* A new folder for temporary files, or NULL.  Signals wait until files_remove_temporary, which
 * removes it and all in it. */
const char *files_temporary(struct arena *);
void files_remove_temporary(const char *folder);
bool files_exist(const char *path);
/* The path from the folder of one file to that of another, or NULL where one of them is none. */
const char *files_between(struct arena *, const char *from, const char *to);
/* "path size time" of a file, for keys; "path absent". */
const char *files_stamp(struct arena *, const char *path);
/* The executable's own path, or NULL. */
const char *files_executable(struct arena *);
/* Where a command is found in $PATH, or NULL. */
const char *files_find_command(struct arena *, const char *command);

/* ---- cache.c ---- */
/* Opens the cache's folder; its path is NULL where there is none, or where it is no good, which
 * then was said. */
struct cache cache_open(struct arena *);
/* The entry of that name and key, open and with its path in *path, or -1.  What is not as it was
 * written, and what others could have written, is removed. */
int cache_find(const struct cache *, const char *name, const char *key, const char **path);
/* Adds a file to the cache and removes the oldest ones; false, and says why, where that cannot be:
 * everything then works without. */
bool cache_add(const struct cache *, const char *name, const char *key, const char *file);

/* ---- process.c ---- */
/* From here on a signal that would end the program ends the commands, and lets none begin;
 * commands_release then ends the program by it. */
void commands_hold(void);
void commands_release(void);
void command_add(struct command_line *, const char *word);
/* Adds the words of a string such as $CFLAGS: split at spaces; '...', "..." and \ quote. */
void command_add_words(struct command_line *, const char *words);
/* Runs the commands, two at a time, output captured below `folder`.  False after printing the
 * first failing one with its output; quiet: prints nothing. */
bool command_run_all(const struct command_line *, int count, const char *folder, bool verbose,
                     bool quiet);

/* Did the first command of the last run print the word? */
bool command_said(struct arena *, const char *folder, const char *word);

#endif
