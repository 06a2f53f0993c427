/* Sides of contractions that more loops walk than one stride says. */
#ifndef INVAR_EMIT_WINDOWS_H
#define INVAR_EMIT_WINDOWS_H
#include "emit/c/group.h"

/* All of a side of OP_CONTRACT but the pointer. */
void windows_side(struct function *, const struct node *contract, int index, struct side *);
/* The elements of axes first .. last - 1. */
struct extent windows_extent(const struct shape *, int first, int last);
/* Lines that return the address of the element at `own` and `p`, or nullptr outside of limits. */
const char *windows_address(struct function *, const struct side *, int indent);
/* A group of OP_CONTRACT, and what its comment says of it. */
void windows_group(struct function *);
const char *windows_text(struct function *, const struct node *contract);

#endif
