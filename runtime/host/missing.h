/* Cells without a value that are filled with a statistic of their field: between reading and that,
 * NaN stands in their place in the data set. */
#ifndef INV_HOST_MISSING_H
#define INV_HOST_MISSING_H
#include "dataset.h"
#include "rows.h"

/* Gives the elements of the INV_INPUT variables that were missing in the batch read last that
 * value, or the statistics of their fields. */
void inv_missing_put(const struct inv_rows *, const struct inv_run *, float value);
void inv_missing_put_statistics(const struct inv_rows *, const struct inv_run *);
/* Sets the statistics of fields that fill from the rows of the train part.  0 where a column has
 * no value there. */
int inv_missing_fit(const struct inv_dataset *, unsigned char *arena);
/* Puts the statistics in the place of what is missing, in all rows. */
void inv_missing_fill(const struct inv_dataset *, const unsigned char *arena);

#endif
