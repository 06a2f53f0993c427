/* Statements of a body. */
#ifndef INVAR_LOWER_BODY_H
#define INVAR_LOWER_BODY_H
#include "lower/lower.h"

void lower_body(struct lower *, struct frame *, const struct ast *body);
/* Words that begin a statement of a model or of a block, one after the other, then NULL. */
const char *body_head(bool model, int i);
/* Calls `each` for the statements of data or train, with those of the branches taken. */
void lower_each(struct lower *, const struct ast *body,
                void (*each)(struct lower *, const struct ast *statement));

#endif
