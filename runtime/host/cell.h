/* Cells of files as such: whether they are read, and what they say. */
#ifndef INV_HOST_CELL_H
#define INV_HOST_CELL_H
#include "rows.h"

/* k of a class field, else 0. */
int64_t inv_cell_classes(const struct inv_model *, const struct inv_field *);
/* How many columns of a table a field takes: one for each element, or that of files. */
int64_t inv_cell_columns(const struct inv_model *, const struct inv_field *);
/* Whether the model file names each column of a field, and not some by the first and the last. */
int inv_cell_columns_named(const struct inv_model *, const struct inv_field *);
/* What must be known of a field beside cells that are numbers in arrays: "classes", the names of
 * those that a table has as texts; "columns", the names of those of which the model file names the
 * first and the last alone; or NULL. */
const char *inv_cell_wants(const struct inv_model *, const struct inv_field *);
/* Whether cells of field f are read from this file. */
int inv_cell_is_read(const struct inv_rows *, int f);
/* Reads all such fields of a row.  Those that leave rows out come first: of a row that is left out
 * nothing else is read. */
void inv_cell_each_field(struct inv_rows *, int64_t slot,
                         void (*read)(struct inv_rows *, int f, int64_t slot));
int inv_cell_is_blank(const char *cell);
/* Whether the cell of field f has no value: blank, or a text that means so. */
int inv_cell_is_missing(const struct inv_rows *, int f, const char *cell);
#define INV_NOT_UTF8 "is not UTF-8; if the file is Latin-1: iconv -f latin1 -t utf-8"
int inv_cell_is_utf8(const char *text);
/* 1: true, yes; 0: false, no, in any case; -1: another text. */
int inv_cell_truth(const char *cell);

#endif
