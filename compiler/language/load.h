/* Reading a model file, what it includes, and the library that invar carries in itself. */
#ifndef INVAR_LOAD_H
#define INVAR_LOAD_H
#include "language/ast.h"
#include "base/names.h"

/* What stands for the text of a file: what an editor has changed in it, or what was just made. */
struct open_text { const char *path, *text; };

/* The C of operators, read once by whatever paths. */
struct c_file { int source; };

struct load {
    struct arena *arena;
    struct diags *diags;
    struct ast **file;                  /* 0: the main file; then includes; then the library */
    int count, room;
    struct ast **library;               /* read by load_library */
    int library_count, library_room;
    size_t bytes;                       /* of texts read */
    const struct names *real;           /* real paths of the files read */
    const struct names *c;              /* files of C by their real paths: struct c_file */
    const struct open_text *open;       /* files that are not read, by their real or given paths */
    int open_count;
    char sha256[65];                    /* of the tokens of the main file and its includes, the C
                                         * of operators, and the -D values */
};

/* The whole file with a NUL behind it, or NULL and *error says why.  A file may be a pipe, but no
 * device, and has a largest size. */
char *load_text(struct arena *, const char *path, size_t *size, const char **error);
/* Reads the library, which load_model does where it was not. */
void load_library(struct load *);
/* False where a file could not be read or parsed: diags says what is wrong.
 * define: "NAME=literal" texts, which replace consts of the main file. */
bool load_model(struct load *, const char *path, const char *const *define, int define_count);

#endif
