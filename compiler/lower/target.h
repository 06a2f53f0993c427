/* What a microcontroller has. */
#ifndef INVAR_LOWER_TARGET_H
#define INVAR_LOWER_TARGET_H
#include "lower/lower.h"

void lower_target(struct lower *, const struct ast *);

#endif
