/* A CSV file as the cells of fields: what table.c (cells) and bind.c (whose they are) share. */
#ifndef INV_HOST_TABLE_H
#define INV_HOST_TABLE_H
#include "csv.h"
#include "errors.h"
#include "names.h"

struct inv_rows;

/* The columns of one field. */
struct inv_columns {
    int *at, count, room;               /* columns of the file at hand, in the field's order */
    unsigned char *missing;             /* of fields with inv_field.fill: which elements of the
                                         * rows in the raw variable are missing */
    struct inv_names label;             /* text: names of the classes by their numbers */
};

struct inv_header {
    struct inv_names names;             /* the different ones */
    int *first;                         /* of each: the first column that has it */
    char *twice;                        /* of each: whether another has it too */
    char **cell;                        /* of each column; NULL: the file has no header */
};

int inv_table_open(struct inv_rows *);
int inv_table_next(struct inv_rows *, int64_t slot);
int inv_table_column(struct inv_rows *, const char *name); /* as inv_rows_column */
void inv_table_close(struct inv_rows *, char (*hash)[65]);
/* Notes rows of a source that fields left out; of none nothing. */
void inv_table_note_dropped(struct inv_errors *, const char *path, int64_t dropped,
                            int inputs_only);
void inv_table_free(struct inv_rows *);

/* Opens file `at` of the source: 0 after an error. */
int inv_table_begin(struct inv_rows *, int at);
void inv_table_end(struct inv_rows *, char hash[65]);
/* Reads the first line and finds each field's columns and labels: 0 after an error. */
int inv_table_bind(struct inv_rows *);
/* Finds the labels of fields whose classes are numbered by the files: before the first is read. */
int inv_table_collect(struct inv_rows *);
void inv_table_free_header(struct inv_rows *);

#endif
