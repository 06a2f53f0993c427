/* Folders and files of the build driver: false after printing what failed and its cure. */
#ifndef INVAR_BUILD_FILES_H
#define INVAR_BUILD_FILES_H
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "host/claims.h"

/* A file that waits for files_finish. */
struct emitted { const char *name, *data; size_t size; };

/* A folder that sources are written to. */
struct place {
    struct arena *arena;
    const char *folder;
    const char *below;                  /* the folder in it that names begin in, or NULL */
    struct inv_claims *claims;          /* what must not be overwritten; NULL: a temporary folder,
                                         * in which files are written as they are */
    struct emitted *file;               /* else: what files_finish writes */
    int file_count, file_room;
};

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

#endif
