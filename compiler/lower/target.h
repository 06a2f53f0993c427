/* What a microcontroller has. */
#ifndef INVAR_LOWER_TARGET_H
#define INVAR_LOWER_TARGET_H
#include "lower/lower.h"

void lower_target(struct lower *, const struct ast *);
/* What is said of a target, one word after the other, then NULL. */
const char *target_word(int i);

#endif
