/* A line on a terminal that shows how far a run is, its rate, the time that is left and how its
 * loss went; or, of reading, where the number of rows is not known before, how many were read. */
#ifndef INV_HOST_PROGRESS_H
#define INV_HOST_PROGRESS_H
#include <stdint.h>
#include <stdio.h>

enum { INV_PROGRESS_LOSSES = 16 };

struct inv_progress {
    FILE *to;                           /* NULL: show nothing */
    int64_t total;                      /* steps of the run; 0: not known */
    int64_t from;                       /* those done before it; set after begin, or 0 */
    double start, shown;                /* seconds of inv_progress_clock */
    int64_t rows;                       /* trained so far */
    double loss[INV_PROGRESS_LOSSES];   /* the last ones, the oldest first */
    int losses;
    int blocks;                         /* the locale has the characters to draw them */
    int drawn;                          /* it stands there */
};

/* Seconds of a clock that only goes forward. */
double inv_progress_clock(void);
/* Shows nothing where `to` is no terminal or plain is set. */
void inv_progress_begin(struct inv_progress *, FILE *to, int plain, int64_t total);
/* One more of the losses that are drawn; one that is not finite is left out. */
void inv_progress_loss(struct inv_progress *, double loss);
/* `done` steps and `rows` more rows are through; `label` stands before them.  Draws at most ten
 * times a second, and never as many columns as the terminal has at that time: what has no room is
 * left out, losses first, then the rate, the bar, the time that is left, the label. */
void inv_progress_show(struct inv_progress *, const char *label, int64_t done, int64_t rows);
void inv_progress_clear(struct inv_progress *);

#endif
