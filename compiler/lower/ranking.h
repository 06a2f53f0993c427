/* Totals of metrics that need the scores of all rows. */
#ifndef INVAR_LOWER_RANKING_H
#define INVAR_LOWER_RANKING_H
#include "lower/lower.h"

/* RANKING_NONE: not the type of a total that ranks. */
enum ranking_form lower_ranking_form(const char *type);
/* `accumulate area: roc_area[k] = [score, truth]` into the total. */
void lower_ranking(struct lower *, struct frame *, const struct ast *, enum ranking_form,
                   const struct variable *total);

#endif
