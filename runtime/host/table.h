/* A CSV file as the cells of fields: what table.c (cells) and bind.c (whose they are) share. */
#ifndef INV_HOST_TABLE_H
#define INV_HOST_TABLE_H
#include "csv.h"
#include "names.h"

struct inv_rows;

/* The columns of one field. */
struct inv_columns {
    int *at, count;                     /* columns of the file at hand, in the field's order */
    struct inv_names label;             /* text: names of the classes by their numbers */
};

struct inv_header {
    struct inv_names names;             /* the different ones */
    int *first;                         /* of each: the first column that has it */
    char *twice;                        /* of each: whether another has it too */
    char **cell;                        /* of each column; NULL: the file has no header */
};

int inv_table_open(struct inv_rows *, const char *path);
int inv_table_next(struct inv_rows *, int64_t slot);
void inv_table_close(struct inv_rows *, unsigned char digest[32]);
void inv_table_free(struct inv_rows *);

/* Whether cells of field f are read from this file. */
int inv_table_reads(const struct inv_rows *, int f);
/* Reads the first line and finds each field's columns and labels: 0 after an error. */
int inv_table_bind(struct inv_rows *);
void inv_table_free_header(struct inv_rows *);

#endif
