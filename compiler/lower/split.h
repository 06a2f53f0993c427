/* Which rows of `data` belong to which part. */
#ifndef INVAR_LOWER_SPLIT_H
#define INVAR_LOWER_SPLIT_H
#include "lower/lower.h"

/* Appends the files of that source; ast is NULL where there is none. */
void lower_source_of(struct lower *, int source, const struct ast *);
/* A statement `part val = csv(...)`; others are left alone. */
void lower_part(struct lower *, const struct ast *);
void lower_split(struct lower *, const struct ast *);
/* `part by column("fold") { val = 2 }`, `order fixed`, `order column("time")` */
void lower_part_by(struct lower *, const struct ast *);
void lower_order(struct lower *, const struct ast *);
/* The only operand of a statement, or NULL. */
const struct ast *lower_operand(const struct ast *statement);
/* part: 0 train, 1 val, 2 test.  Whether rows may be in it. */
bool lower_has_part(const struct lower *, int part);
/* After all statements of `data`: every row has one part, and there are rows to train on. */
void lower_check_parts(struct lower *);

#endif
