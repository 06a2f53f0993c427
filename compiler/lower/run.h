/* What a run knows while it goes on: reports, and expressions of the step or epoch. */
#ifndef INVAR_LOWER_RUN_H
#define INVAR_LOWER_RUN_H
#include "lower/lower.h"

/* PART.NAME as a report of the epoch before, where the frame may read such; false elsewhere. */
bool lower_run_value(struct lower *, struct frame *, const struct ast *, struct value *out);
/* The report that a value is, or NULL. */
const struct watched *lower_watched(struct lower *, struct value);
/* The number of the report that is a single number of that part; else -1 and an error. */
int lower_report(struct lower *, const char *part, const char *name, struct span);
void lower_check_watched(struct lower *); /* once all reports are known */
/* Whether the expression names what changes while a run goes on. */
bool lower_depends_on_run(struct lower *, const struct ast *);
/* The value of an argument of the optimizer, or of `frozen`, as the frame sees it. */
struct value lower_schedule(struct lower *, const struct frame *, const struct ast *);

#endif
