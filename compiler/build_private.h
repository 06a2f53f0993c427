/* Files and commands of the build driver. */
#ifndef INVAR_BUILD_PRIVATE_H
#define INVAR_BUILD_PRIVATE_H
#include <stdbool.h>
#include "base/text.h"
#include "build.h"
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
    const char *folder;
    const char *library;                /* the runtime's archive; NULL: not made yet */
    unsigned levels;                    /* of the model for processors; bit i: levels[i] */
    unsigned known;                     /* to the compiler */
};

/* Commands compile to these. */
struct objects {
    const char *path[COMMANDS];
    int count;
};

/* ---- build_process.c ---- */
struct command_line {
    struct arena *arena;
    const char **word;
    int count, room;
};

/* How trainers of one target are built. */
struct build_kind {
    bool (*open)(struct build *);       /* finds what it needs */
    bool (*write)(const struct build *); /* the model's sources into the folder */
    /* What the sources, and what compiles them, depend on. */
    void (*hash)(const struct build *, struct inv_sha256 *);
    bool (*compile)(const struct build *, struct objects *);
    struct command_line (*link)(const struct build *, const struct objects *, const char *zlib,
                                const char *out);
};
extern const struct build_kind build_cuda;

/* ---- build_cuda.c ---- */
struct embedded_file;
/* Whether a program on CUDA devices is also made of that file. */
bool build_is_cuda(const struct program *, const struct embedded_file *);

/* ---- build.c: false after printing what failed ---- */
bool build_write_text(struct arena *, const char *folder, const char *name, const struct text *);
/* CMakeLists.txt and README.md from templates whose paths begin so. */
bool build_write_glue(const struct program *, const char *templates, const char *folder);
/* The runtime's sources for the processor. */
bool build_write_runtime(struct arena *, const char *folder, bool headers_only);
/* Adds a text with its end to what is hashed. */
void build_hash_text(struct inv_sha256 *, const char *);
/* "cc FLAGS [user's flags] -Ifolders -c source -o object". */
struct command_line build_compile_line(const struct build *, const char *source,
                                       const char *object);
/* Adds "-Ifolders -c source -o object". */
void build_add_source(const struct build *, struct command_line *, const char *source,
                      const char *object);

/* ---- build_files.c: false after printing what failed and its cure ---- */
/* Makes the folder and those above it. */
bool files_make_folder(const char *path);
/* The same in silence; true where files can be written there. */
bool files_can_use(const char *folder);
/* Whole or not at all: a temporary name beside it, then renamed. */
bool files_write(const char *path, const char *data, size_t size);
/* Could a file of that name be made? */
bool files_can_write(struct arena *, const char *path);
/* Copies an executable, whole or not at all. */
bool files_install(struct arena *, const char *from, const char *to);
/* A new folder for temporary files, or NULL. */
const char *files_temporary(struct arena *);
/* Removes the folder and what is in it; a path that is not there is nothing. */
void files_remove(const char *path);
/* Removes the oldest files of a folder until `keep` are left. */
void files_keep_newest(struct arena *, const char *folder, int keep);
bool files_exist(const char *path);
/* Makes the file the newest; false where it is not there. */
bool files_touch(const char *path);
/* "path size time" of a file, for keys; "path absent". */
const char *files_stamp(struct arena *, const char *path);
/* The executable's own path, or NULL. */
const char *files_executable(struct arena *);
/* Where a command is found in $PATH, or NULL. */
const char *files_find_command(struct arena *, const char *command);

/* ---- build_process.c ---- */
void command_add(struct command_line *, const char *word);
/* Adds the words of a string such as $CFLAGS: split at spaces; '...', "..." and \ quote. */
void command_add_words(struct command_line *, const char *words);
const char *command_text(const struct command_line *);
/* Runs the commands, two at a time, output captured below `folder`.  False after printing the
 * first failing one with its output; quiet: prints nothing. */
bool command_run_all(const struct command_line *, int count, const char *folder, bool verbose,
                     bool quiet);

/* Did the first command of the last run print the word? */
bool command_said(struct arena *, const char *folder, const char *word);

#endif
