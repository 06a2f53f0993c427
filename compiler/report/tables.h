/* Tables of a report, as lists of the page's template. */
#ifndef INVAR_REPORT_TABLES_H
#define INVAR_REPORT_TABLES_H
#include "emit/template.h"
#include "report/run.h"

/* Lists "result", "fact" (what differs between runs is "other", what does not "fact"; of one run
 * all is "fact") and "log" (a table of epochs for each run that has some). */
void tables_set(struct values *, const struct run *, int count);

#endif
