/* What several runs have in common, and where they part. */
#ifndef INVAR_REPORT_COMPARE_H
#define INVAR_REPORT_COMPARE_H
#include "report/run.h"

/* The first place at which two logs have different numbers, times apart. */
struct parting {
    const struct series *a, *b;         /* NULL: there is none */
    double x, y_a, y_b;
};

/* By epochs, then by steps; of what both logs have. */
struct parting runs_part(const struct run *a, const struct run *b);
/* Whether all runs have that text, or number, in their first lines. */
bool runs_share(const struct run *run, int count, const char *key);

#endif
