/* The operators as a Markdown page: docs/operators.md is this, and a test compares. */
#ifndef INVAR_OP_TEXT_H
#define INVAR_OP_TEXT_H
#include "base/text.h"

void op_print_reference(struct text *);

#endif
