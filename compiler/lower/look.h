/* What an editor asks about a place of the model file. */
#ifndef INVAR_LOWER_LOOK_H
#define INVAR_LOWER_LOOK_H
#include "lower/lower.h"

/* Notes what stands at the span, where it is the narrowest so far around the place asked about. */
void lower_look(struct lower *, struct span, struct value);
/* The same of a call of a block, whose parameters' paths begin with `path`. */
void lower_look_at_call(struct lower *, struct span, const char *path);

#endif
