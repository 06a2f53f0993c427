/* ISO 8601 dates and times of CSV cells as numbers. */
#ifndef INV_HOST_DATES_H
#define INV_HOST_DATES_H
#include "invar.h"

/* "2024-05-17", "13:45", "13:45:07.25", or both with 'T' or a blank between, and 'Z' behind a time.
 * NULL, or what is wrong with the text.  INV_CELL_DAYS: since 1970-01-01, in the Gregorian
 * calendar; _WEEKDAY: 0 is Monday; _MONTH and _DAY_OF_YEAR begin with 1. */
const char *inv_date_read(const char *text, enum inv_cell_form, float *value);

#endif
