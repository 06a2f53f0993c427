/* Operators that the model declares, whose arithmetic is C of its own: graph/custom.h. */
#ifndef INVAR_LOWER_OPERATOR_H
#define INVAR_LOWER_OPERATOR_H
#include "lower/lower.h"

/* Reports what is wrong with `operator f(..) -> T = c("file.c")`. */
void lower_check_operator(struct lower *, const struct ast *declaration);
/* Calls the operator whose arguments are bound in the frame: sets its result. */
void lower_operator(struct lower *, struct frame *);

#endif
