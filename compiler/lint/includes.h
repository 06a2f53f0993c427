/* Which files a compilation reads, as its directives say. */
#ifndef INVAR_LINT_INCLUDES_H
#define INVAR_LINT_INCLUDES_H
#include "lint/commands.h"

/* A file that it would include, from the folders that its flags name, and that is a pipe or device:
 * libclang waits for what comes out of it.  NULL: there is none.  Directives that are not compiled
 * count as well, those whose file a macro names do not. */
const char *includes_endless(struct arena *, const struct compilation *);

#endif
