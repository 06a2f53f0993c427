/* Cells without a value that are filled with a statistic of their field: between reading and that,
 * NaN stands in their place in the data set. */
#ifndef INV_HOST_MISSING_H
#define INV_HOST_MISSING_H
#include "dataset.h"
#include "rows.h"

/* Gives the elements that were missing in the last `count` rows read, which are rows first .. of
 * the data set, that value. */
void inv_missing_put(struct inv_dataset *, const struct inv_rows *, int64_t first, int64_t count,
                     float value);
/* Sets the statistics of fields that fill from the rows of the train part.  0 where a column has
 * no value there. */
int inv_missing_fit(const struct inv_dataset *, unsigned char *arena);
/* Puts the statistics in the place of what is missing, in all rows. */
void inv_missing_fill(const struct inv_dataset *, const unsigned char *arena);

#endif
