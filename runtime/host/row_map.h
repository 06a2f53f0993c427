/* Rows of equal size in a mapped file.  Where the file is larger than what may stay resident, a
 * walk through all rows lets go of the pages behind it, and other rows are read into a window. */
#ifndef INV_HOST_ROW_MAP_H
#define INV_HOST_ROW_MAP_H
#include <stddef.h>
#include "invar.h"

/* Which rows of an order, of which some are at hand, a process wants behind these: those that
 * follow them, then of each batch that it has a share of these.  Places count from the first at
 * hand. */
struct inv_row_ahead {
    int64_t rest;                       /* rows that follow, up to the end of the share at hand */
    int64_t next, step, end;            /* where the next batch begins; from one to the one behind
                                         * it; the end of all rows */
    int64_t batch;                      /* rows of one, which the last may have less of */
    int64_t first, last, parts;         /* the share: parts first .. last - 1 of so many */
    const int32_t *then;                /* rows of other orders, wanted behind all these, or NULL */
    int64_t then_count;
};

/* Where the rows of a batch lie: row i of them at byte + row[i] * row_bytes. */
struct inv_row_batch {
    const unsigned char *byte;
    const int32_t *row;
};

struct inv_row_map {
    unsigned char *at;                  /* NULL: nothing is mapped */
    size_t size, first, row_bytes;      /* of the file; where row 0 begins */
    int file;                           /* that rows are read from */
    int listed;                         /* its place in host/ending.h, or -1 */
    struct inv_row_window *window;      /* rows that are read, or NULL: all pages may stay */
    char *path;
};

enum { INV_ROW_MEMORY = 64 << 20 };     /* bytes that may stay where nobody says how many */

/* Maps a file of map->size bytes, where first, row_bytes and path are set, too.  most: bytes that
 * may stay; rows: that are read at once.  0 where the system refuses: see errno.  The file may then
 * be closed, and path is the map's to free. */
int inv_row_map_open(struct inv_row_map *, int file, int64_t most, int64_t rows);
/* Rows row[0 .. count - 1]; ahead: which of those behind them in row[] are wanted next, or NULL.
 * The batch is good until the next.  A file that can no longer be read ends the program with a
 * message, as memory that is out does. */
struct inv_row_batch inv_row_map_read(const struct inv_row_map *, const struct inv_run *,
                                      const int32_t *row, int64_t count,
                                      const struct inv_row_ahead *ahead);
/* After a row of a walk through all rows in their order. */
void inv_row_map_pass(const struct inv_row_map *, int64_t row);
/* Rows are from now on looked at in any order. */
void inv_row_map_shuffle(const struct inv_row_map *);
void inv_row_map_close(struct inv_row_map *);

#endif
