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

/* Those of C files in FOLDER/compile_commands.json; false after a message. */
bool commands_read(struct arena *, const char *folder, struct compilation **, int *count);
/* What libclang needs to see the file as its compiler does. */
const char *const *commands_for_clang(struct arena *, const struct compilation *, int *count);

#endif
