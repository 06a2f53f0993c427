/* invar lint: what in C that is linked into a trainer would make its bits depend on something else
 * than model, data and seed. */
#ifndef INVAR_LINT_LINT_H
#define INVAR_LINT_LINT_H
#include <stdbool.h>

struct lint_request {
    const char *const *file;            /* of C; none: all that the database names */
    int files;
    const char *const *flag;            /* behind --: how they are compiled, or NULL */
    int flags;
    const char *database;               /* the folder of compile_commands.json, or NULL */
    bool json;                          /* findings as JSON lines on standard output */
};

/* 0: nothing was found, 1: something was, 2: a file could not be looked at. */
int lint_run(const struct lint_request *);
/* The rules, each with what it finds; 0, or 2. */
int lint_print_rules(void);

#endif
