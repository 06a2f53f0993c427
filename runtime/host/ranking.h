/* Totals over the cases of a part in the order of their scores (struct inv_ranking of invar.h;
 * docs/numerics.md, section 5): values are kept for all rows of a pass, then sorted. */
#ifndef INV_HOST_RANKING_H
#define INV_HOST_RANKING_H
#include "errors.h"
#include "invar.h"
#include "ranks.h"

/* Of ranking i: its scores in 2 i, its marks in 2 i + 1, a row after the other. */
struct inv_kept {
    float *value;
    int64_t room;                       /* elements */
};

/* NULL where the model ranks nothing. */
struct inv_kept *inv_ranking_open(const struct inv_model *);
void inv_ranking_free(const struct inv_model *, struct inv_kept *);
/* The variable that is kept in i. */
const struct inv_variable *inv_ranking_variable(const struct inv_model *, int i);
void inv_ranking_room(const struct inv_model *, struct inv_kept *, int64_t rows);
/* Keeps the batch in the arena, as rows from `first` on. */
void inv_ranking_keep(const struct inv_model *, const struct inv_run *, struct inv_kept *,
                      int64_t first);
/* Rows first .. are zeros, so that these of several ranks, each of which has kept some, add up. */
void inv_ranking_clear(const struct inv_model *, struct inv_kept *, int64_t first, int64_t rows);
/* What each rank has kept of so many rows becomes that of all. */
void inv_ranking_join(const struct inv_model *, struct inv_kept *, int64_t rows,
                      struct inv_ranks *);
/* Sets the totals, on the device too.  The name of one that is NaN, as a score is or there are not
 * cases of both kinds; or NULL. */
const char *inv_ranking_finish(const struct inv_model *, const struct inv_run *,
                               const struct inv_kept *, int64_t rows);

#endif
