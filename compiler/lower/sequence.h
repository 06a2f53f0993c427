/* Fields that are windows of rows, and sources that are one sequence of characters or tokens. */
#ifndef INVAR_LOWER_SEQUENCE_H
#define INVAR_LOWER_SEQUENCE_H
#include "lower/lower.h"

/* Whether a source is one sequence of characters or tokens. */
bool lower_is_sequence(enum source_kind);
/* text(...), lines(...), tokens_u8(...): `add` is called for the path. */
void lower_source_sequence(struct lower *, const struct ast *call,
                           void (*add)(struct lower *, const char *path));
/* The expression without `-> rows(a..b)` at its end, which the field notes. */
const struct ast *lower_strip_rows(struct lower *, struct data_field *, const struct ast *expr);
/* chars(a..b), bytes(a..b) or tokens(a..b), as `what` says. */
struct value lower_elements_of(struct lower *, struct frame *, const char *what,
                               struct value range, struct span);
void lower_stride(struct lower *, const struct ast *);
/* After all statements of `data`: what is said of it fits to windows, if fields are such. */
void lower_check_windows(struct lower *);

#endif
