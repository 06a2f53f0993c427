/* The page of a report, from templates/report. */
#ifndef INVAR_REPORT_PAGE_H
#define INVAR_REPORT_PAGE_H
#include "base/text.h"
#include "graph/program.h"
#include "report/run.h"
#include "report/scores.h"

/* What it tells. */
struct story {
    const struct run *run;
    int count;
    const struct program *program;      /* or NULL */
    const uint32_t *word;               /* the arena's first bytes: weights; or NULL */
    const struct scores *scores;        /* or NULL */
};

void page_print(struct text *, const struct story *);

#endif
