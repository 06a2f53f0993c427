/* How files are compiled: compile_commands.json (CMake: -DCMAKE_EXPORT_COMPILE_COMMANDS=ON). */
#ifndef INVAR_LINT_COMMANDS_H
#define INVAR_LINT_COMMANDS_H
#include <stdbool.h>
#include "base/arena.h"

struct compilation {
    const char *file;                   /* its real path */
    const char *directory;
    const char *const *argument;        /* without the compiler, which is `compiler` */
    int count;
    const char *compiler;               /* NULL: not known */
    bool known;                         /* the arguments are all that it is compiled with */
};

struct commands {
    struct compilation *of_c;
    int count, room;
    int others;                         /* entries of files that are no C */
};

/* FOLDER/compile_commands.json; false after a message: one without a C file is an error. */
bool commands_read(struct arena *, const char *folder, struct commands *);
/* The file that more of its flags are in, @FILE, or NULL. */
const char *commands_flags_file(const struct compilation *);
/* What libclang needs to see the file as its compiler does. */
const char *const *commands_for_clang(struct arena *, const struct compilation *, int *count);

#endif
