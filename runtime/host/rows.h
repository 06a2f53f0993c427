/* One row after the other out of the files of a data declaration into the model's INV_RAW
 * variables: the columns of a CSV file, or the arrays of several files side by side. */
#ifndef INV_HOST_ROWS_H
#define INV_HOST_ROWS_H
#include "fitted.h"
#include "paths.h"
#include "series.h"
#include "table.h"

struct inv_cell_file;

struct inv_rows {
    const struct inv_model *model;
    unsigned char *arena;
    struct inv_errors *errors;
    int inputs_only;                    /* labels are neither read nor needed */
    int keyless;                        /* nor keys: the rows get no parts */
    enum inv_source_of source;          /* whose files are read */
    const char *given;                  /* of --data, --predict or --evaluate: see place.h */
    const struct inv_arrays *arrays;    /* of who calls a library; NULL in a program */
    struct inv_paths paths;             /* csv: the source's files; `at`: the one being read */
    int at;
    struct inv_paths *read;             /* gets the files that were read to their end */
    int lost;                           /* no more is read, and what was is of no use: files that
                                         * are closed now are none of those */
    struct inv_csv csv;
    struct inv_sha256 files;            /* csv: digests of what cells name, then of the table */
    struct inv_named named;             /* csv: the file that a cell named last */
    struct inv_cell_file *named_files;  /* csv: gets what a slot's cells name, in new memory, one
                                         * for each field of files; or NULL */
    struct inv_columns *columns;        /* csv: one for each field */
    struct inv_header header;           /* csv */
    struct inv_names na;                /* csv: texts that mean missing */
    int drop;                           /* csv: the row at hand is left out, as a field asks; where
                                         * inputs_only is set it is handed out, unread */
    int collecting;                     /* csv: names of classes, before the rows are read */
    int had_header;                     /* csv: of the file before */
    int64_t dropped;                    /* csv: rows of the source left out, as fields ask */
    struct inv_fitted *fitted;          /* filled where a field has none, else obeyed */
    int width;                          /* csv: cells of every record; 0: not known yet */
    int waiting;                        /* csv: the record at hand is data and not yet used */
    struct inv_series *array;           /* other kinds: one for each field that is read */
    int64_t row;                        /* rows handed out */
};

/* Opens the files of the source; errors are reported, then the answer is 0.  Closing is needed
 * in both cases. */
int inv_rows_open(struct inv_rows *);
/* Puts the next row into place `slot` of the raw variables: 1; 0: no more; -1: give up.  A row with
 * errors counts as read: look at errors->count. */
int inv_rows_next(struct inv_rows *, int64_t slot);
/* The column of a table by its name, or by its number where there is no header; -1 after an
 * error. */
int inv_rows_column(struct inv_rows *, const char *name);
/* The text of a cell of the row at hand. */
const char *inv_rows_cell(const struct inv_rows *, int column);
/* Where the last row came from.  csv: the record's line in the file rows->paths.path[at]. */
struct inv_place { int64_t line; int at; };
struct inv_place inv_rows_here(const struct inv_rows *);
/* "iris.csv:17" or "x.npy: row 16", in new memory. */
char *inv_rows_place(const struct inv_rows *, int64_t row, struct inv_place);
/* hash[i]: SHA-256 of file i of the model; hash may be NULL. */
void inv_rows_close(struct inv_rows *, char (*hash)[65]);

#endif
