/* `data`: sources of rows, and fields as expressions of cells. */
#ifndef INVAR_LOWER_DATA_H
#define INVAR_LOWER_DATA_H
#include "lower/lower.h"

void lower_data(struct lower *);
/* The variable of the field's cells; -1 after an error. */
int lower_raw_variable(struct lower *, struct data_field *, struct span);
/* The text that a literal or a const is. False where it is another value; NULL after an error. */
bool lower_text(struct lower *, const struct ast *, const char **text);
/* Help that names the arrays of the source, where they have names. */
void lower_help_arrays(struct lower *, struct diag *);
/* A statement `input` or `label`. */
void lower_field(struct lower *, const struct ast *, bool label);
/* A column that decides how rows are split. */
void lower_key(struct lower *, const struct ast *statement, enum key_kind, const struct ast *expr);
/* Words that begin a statement of `data`, and its sources, one after the other, then NULL. */
const char *data_head(int i);
const char *data_source(int i);
/* Rows of a call such as csv(...), of a part where `part` is true. */
void lower_source(struct lower *, const struct ast *, bool part);

#endif
