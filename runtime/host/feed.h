/* Rows of a source, batch by batch, as fields in the INV_INPUT variables: memory for one batch. */
#ifndef INV_HOST_FEED_H
#define INV_HOST_FEED_H
#include "invar.h"
#include "rows.h"

struct inv_feed {
    struct inv_rows rows;
    struct inv_run *run;
    int64_t first;                      /* the number of the next row in the data set */
    struct inv_place *place;            /* of each row of the batch */
    int fill;                           /* trained weights are used: missing cells get the fitted
                                         * statistics, else NaN, and the first batch with errors is
                                         * the last, else all that there are are reported */
    int more;
    int64_t lines;                      /* rows of the file that the batch took, at most a batch */
    int64_t *slot;                      /* the row of the batch that each is; -1: it is left out */
    int keep_count;                     /* columns of a table whose cells are kept, as text */
    int *keep;
    char **kept;                        /* cell c of line i: kept[i * keep_count + c] */
};

/* feed->rows must say what is read; 0 after an error.  Closing is needed in both cases. */
int inv_feed_open(struct inv_feed *, struct inv_run *);
/* Also keeps the cells of that column of a table, by its name (by its number where the table has no
 * header); 0 after an error. */
int inv_feed_keep(struct inv_feed *, const char *column);
/* Makes the next rows the batch, prepared and checked: how many; 0 at the end, and, where
 * inputs_only is set, where all its lines are left out.  A batch with errors is left out, whole:
 * look at errors->count. */
int64_t inv_feed_next(struct inv_feed *);
/* Normalises the batch; 0 after an error. */
int inv_feed_normalise(struct inv_feed *);
/* hash: as of inv_rows_close, or NULL.  The columns that were found stay for further files. */
void inv_feed_close(struct inv_feed *, char (*hash)[65]);

#endif
