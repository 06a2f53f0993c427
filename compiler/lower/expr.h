/* Expressions: names, arithmetic, chains, indices. */
#ifndef INVAR_LOWER_EXPR_H
#define INVAR_LOWER_EXPR_H
#include "lower/lower.h"

struct layer;

struct value lower_expr(struct lower *, struct frame *, const struct ast *);
struct layer *lower_layer(struct lower *, struct frame *, const struct ast *);
bool lower_is_layer(struct lower *, struct frame *, const struct ast *);
/* Reports that there is no such name; `what` is a "name", or a "block or operator". */
struct value lower_unknown(struct lower *, struct frame *, const struct ast *name,
                           const char *what);
struct value lower_const(struct lower *, struct named_ast *);
/* The metric that a name of something else was meant for, or NULL. */
const char *lower_nearest_metric(struct lower *, const char *name);

#endif
