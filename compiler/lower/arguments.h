/* Arguments of blocks: types and shapes in signatures, positions and names. */
#ifndef INVAR_LOWER_ARGUMENTS_H
#define INVAR_LOWER_ARGUMENTS_H
#include "lower/lower.h"

struct expansion;

/* Reports what is wrong with the arguments that a block or model declares. */
void lower_check_formals(struct lower *, const struct ast *declaration);
/* Binds every argument of e->block in the frame f. */
bool lower_bind_arguments(struct lower *, struct frame *f, const struct expansion *e);
/* Binds values that are there already: the model's arguments to the data's fields. */
bool lower_bind_values(struct lower *, struct frame *, const struct ast *formals,
                       const struct value *);
/* Reports arguments that `block` does not have after `given_count` values. */
bool lower_check_arguments(struct lower *, struct frame *caller, const struct ast *block,
                           int given_count, const struct ast *arguments, struct span span);
/* Types of arguments, one after the other, then NULL. */
const char *argument_type(int i);
bool lower_dims(struct lower *, struct frame *, const struct ast *dims, int *rank, int64_t *dim);

#endif
