/* Which curves the numbers of runs make, a chart for each name. */
#ifndef INVAR_REPORT_CURVES_H
#define INVAR_REPORT_CURVES_H
#include "report/chart.h"
#include "report/run.h"

/* All charts, one after the other; how many there are. */
int curves_print(struct text *, const struct run *, int count);

#endif
