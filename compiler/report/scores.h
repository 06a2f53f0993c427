/* Probabilities beside labels, from a table that invar predict wrote with --keep LABEL. */
#ifndef INVAR_REPORT_SCORES_H
#define INVAR_REPORT_SCORES_H
#include <stdbool.h>
#include "base/text.h"
#include "host/errors.h"

struct scores {
    const char *path, *label;           /* of the table, and of its column of labels */
    const char **name;                  /* of the classes: 2 or more; or of the only score */
    int classes;                        /* 1: a score is that of truth 1, else 0 is true */
    int64_t rows;
    float *score;                       /* [rows, classes], 0 .. 1 */
    int *truth;                         /* the class of each row; of one score 0 or 1 */
};

/* Reads the first output that has a column for each class, else the last column; false after an
 * error. */
bool scores_read(struct arena *, struct inv_errors *, const char *path, const char *label,
                 struct scores *);
/* The receiver operating characteristic of each class beside all others, and how far the guesses'
 * probabilities are the shares of those that hit, as charts numbered from `number` on. */
void scores_print(struct text *, const struct scores *, int number);

#endif
