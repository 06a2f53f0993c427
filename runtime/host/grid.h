/* A NumPy array of rows and columns as the text of a CSV file without a header, so that all that
 * reads tables reads these. */
#ifndef INV_HOST_GRID_H
#define INV_HOST_GRID_H
#include "array.h"

#define INV_GRID_DELIMITER ';'          /* in no number, whatever the decimal point is */

struct inv_grid {
    struct inv_array array;
    char decimal;                       /* as the cells are to write numbers */
    int64_t cell;                       /* of the row at hand, the next one */
    char text[INV_ARRAY_TEXT + 1];      /* a cell and what ends it */
    size_t size, taken;
};

/* Whether the stream begins as an NPY file does. */
int inv_grid_begins(struct inv_stream *);
/* NULL after an error. */
struct inv_grid *inv_grid_open(struct inv_stream *, char decimal);
/* Up to `bytes` of the CSV text; fewer only at the end, or after an error (stream->failed). */
size_t inv_grid_read(struct inv_grid *, char *to, size_t bytes);
void inv_grid_free(struct inv_grid *);

#endif
