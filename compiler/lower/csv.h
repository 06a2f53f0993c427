/* Tables as sources, and the cells of them that a field takes. */
#ifndef INVAR_LOWER_CSV_H
#define INVAR_LOWER_CSV_H
#include "lower/builtin.h"

/* images(...), sounds(...); csv(...): `add` is called for each path. */
void lower_source_listed(struct lower *, const struct ast *call,
                         void (*add)(struct lower *, const char *path));
void lower_source_csv(struct lower *, const struct ast *arguments,
                      void (*add)(struct lower *, const char *path));
/* days, weekday and so on of the field's cells. */
struct value lower_date(struct lower *, struct frame *, const char *form, struct value,
                        struct span);
/* The buffer that missing cells are filled from, where the field's value is `node`. */
void lower_fill(struct lower *, struct data_field *, int node, struct span);
/* columns(a..b), column(...): cells of the field at hand. */
struct value lower_columns(struct lower *, struct frame *, const char *name, struct arguments *,
                           struct span);

#endif
