/* Constants computed when the program is compiled, with the functions that it would call. */
#ifndef INVAR_FOLD_H
#define INVAR_FOLD_H
#include "graph/graph.h"

/* Is every element of the node the same constant? */
bool fold_is_fill(const struct node *);
/* What a CLASS_MAP node computes where all its operands are such constants: sets attr.value or
 * attr.whole, by dtype.  False where the operator is not one that can be folded. */
bool fold_node(const struct graph *, const struct node *, struct attr *result);

#endif
