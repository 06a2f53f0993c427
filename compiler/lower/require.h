/* What blocks say of their arguments, and what a value was made by. */
#ifndef INVAR_LOWER_REQUIRE_H
#define INVAR_LOWER_REQUIRE_H
#include "lower/lower.h"

struct layer;

/* The statements `require CONDITION, "text"` and `warn CONDITION, "text"`. */
void lower_require(struct lower *, struct frame *, const struct ast *);
/* Notes that the value is what the block returned. */
void lower_note_maker(struct lower *, struct value, const struct ast *block);
/* Whether the value is what the block or operator returned. */
bool lower_made_by(struct lower *, struct value, const struct layer *);

#endif
