/* Tokens of a file, its pragmas, and its comments that allow something. */
#ifndef INVAR_LINT_TOKENS_H
#define INVAR_LINT_TOKENS_H
#include "lint/look.h"

void tokens_read(struct look *, struct text_file *, CXFile);

#endif
