/* Comments that allow what a rule would find: `invar-lint: allow RULE because REASON`. */
#ifndef INVAR_LINT_ALLOW_H
#define INVAR_LINT_ALLOW_H
#include "lint/look.h"

/* Notes those of a file; what is wrong with one is a finding. */
void allow_read(struct look *, const struct text_file *);
/* Notes which of them stand in parts that the preprocessor took. */
void allow_activate(struct look *, const struct text_file *, CXFile);
/* Drops the findings that are allowed; a comment that allowed nothing is one. */
void allow_apply(struct look *);

#endif
