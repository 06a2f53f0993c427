/* invar report: logs of runs as one page that needs no other file and no network, or as files that
 * TensorBoard shows. */
#ifndef INVAR_REPORT_REPORT_H
#define INVAR_REPORT_REPORT_H
#include "graph/program.h"

struct build_options;

/* What is made, and of what. */
struct report_request {
    const char **log;                   /* paths */
    int count;
    const char *out;                    /* the page, or the folder of events */
    bool events;                        /* files for TensorBoard instead of a page */
    const struct program *program;      /* of the model that was trained, or NULL */
    const char *weights;                /* the file of its weights, or NULL */
    const char *predictions, *label;    /* a table with that column, or NULL */
};

/* Reads what there is and writes the page, or events; the exit status, with errors printed. */
int report_write(const struct report_request *);
/* Runs the trainer as build_run does, then writes NAME.html of what it logged, and prints its name;
 * the log is NAME.jsonl where the options name none.  The exit status. */
int report_training(const struct program *, int argc, char **argv, const struct build_options *);

#endif
