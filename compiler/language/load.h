/* Reading a model file, what it includes, and the library that invar carries in itself. */
#ifndef INVAR_LOAD_H
#define INVAR_LOAD_H
#include "language/ast.h"
#include "base/names.h"

struct load {
    struct arena *arena;
    struct diags *diags;
    struct ast **file;                  /* 0: the main file; then includes; then the library */
    int count, room;
    size_t bytes;                       /* of texts read */
    const struct names *real;           /* real paths of the files read */
    const char *text;                   /* of the main file, where it is not read; or NULL */
    char sha256[65];                    /* of the tokens of the main file and its includes, and
                                         * of the -D values */
};

/* The whole file with a NUL behind it, or NULL and *error says why.  A file may be a pipe, but no
 * device, and has a largest size. */
char *load_text(struct arena *, const char *path, size_t *size, const char **error);
/* False where a file could not be read or parsed: diags says what is wrong.
 * define: "NAME=literal" texts, which replace consts of the main file. */
bool load_model(struct load *, const char *path, const char *const *define, int define_count);

#endif
