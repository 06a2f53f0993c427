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
/* What missing cells of field f become, one number for each element of a row; NULL where it fills
 * none. */
const float *inv_missing_statistics(const struct inv_dataset *, int f, const unsigned char *arena);
/* Puts the statistics in the place of what is missing, in all rows; those of a row file stay. */
void inv_missing_fill(const struct inv_dataset *, const unsigned char *arena);
/* The same in the rows that the INV_INPUT variables hold. */
void inv_missing_fill_batch(const struct inv_dataset *, const struct inv_run *);

#endif
