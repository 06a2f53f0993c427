/* A line on a terminal that shows how far a run is, its rate and the time that is left; or, of
 * reading, where the number of rows is not known before, how many were read. */
#ifndef INV_HOST_PROGRESS_H
#define INV_HOST_PROGRESS_H
#include <stdint.h>
#include <stdio.h>

struct inv_progress {
    FILE *to;                           /* NULL: show nothing */
    int64_t total;                      /* steps of the run; 0: not known */
    int64_t from;                       /* those done before it; set after begin, or 0 */
    double start, shown;                /* seconds of inv_progress_clock */
    int64_t rows;                       /* trained so far */
    int drawn;                          /* it stands there */
};

/* Seconds of a clock that only goes forward. */
double inv_progress_clock(void);
/* Shows nothing where `to` is no terminal or quiet is set. */
void inv_progress_begin(struct inv_progress *, FILE *to, int quiet, int64_t total);
/* `done` steps and `rows` more rows are through; `label` stands before them.  Draws at most ten
 * times a second. */
void inv_progress_show(struct inv_progress *, const char *label, int64_t done, int64_t rows);
void inv_progress_clear(struct inv_progress *);

#endif
