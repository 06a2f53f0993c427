/* Sides of contractions that more loops walk than one stride says. */
#ifndef INVAR_EMIT_WINDOWS_H
#define INVAR_EMIT_WINDOWS_H
#include "emit/c/side.h"

/* Lines that return the address of the element at `own` and `p`, or nullptr outside of limits. */
void windows_address(struct function *, const struct side *, struct code *);
/* The name in runtime/cuda/contract.cuh of which four elements are neighbours in memory. */
const char *windows_neighbours(const struct side *);
/* A group whose sums are made by chunks: a function for these, and this one, which adds them up
 * and has the statements of `body` for some rows of the product, or none. */
void windows_add_chunks(struct function *, const struct node *contract, const struct code *body);
/* A group of OP_CONTRACT, and what its comment says of it. */
void windows_group(struct function *);
const char *windows_text(struct function *, const struct node *contract);

#endif
