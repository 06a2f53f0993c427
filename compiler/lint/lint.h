/* invar lint: what in C that is linked into a trainer would make its bits depend on something else
 * than model, data and seed. */
#ifndef INVAR_LINT_LINT_H
#define INVAR_LINT_LINT_H
#include <stdbool.h>
#include <stdio.h>
#include "graph/program.h"

struct lint_request {
    const char *const *file;            /* of C; none: all that the database names */
    int files;
    const char *const *flag;            /* behind --: how they are compiled, or NULL */
    int flags;
    const char *database;               /* the folder of compile_commands.json, or NULL */
    bool json;                          /* findings as JSON lines */
    FILE *to;                           /* findings */
    bool operators;                     /* the files are C of a model's operators */
    const char *unread;                 /* the cure for a file that does not compile */
};

/* False after a message where there is no linter: it was left out, or libclang is away. */
bool lint_is_there(void);
/* 0: nothing was found, 1: something was, 2: a file could not be looked at. */
int lint_run(const struct lint_request *);
/* Looks at the C of the operators that the model calls.  False after a message: of what was found,
 * or that it cannot be looked at. */
bool lint_operators(const struct program *);
/* The rules, each with what it finds; 0, or 2. */
int lint_print_rules(void);

#endif
