/* Epilogues of products that their tiles compute while registers, or caches, hold them. */
#ifndef INVAR_EMIT_FINISH_H
#define INVAR_EMIT_FINISH_H
#include "emit/c/function.h"

/* The line that declares struct inv_finish (core/contract.h), for rows from `row` on, where that is
 * all that becomes of the product before it is stored as `stored`; else NULL. */
const char *finish_line(struct function *, const struct node *product, int stored, const char *row);

#endif
