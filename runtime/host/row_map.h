/* Rows of equal size in a mapped file.  Where the file is larger than what may stay resident, a
 * walk through all rows lets go of the pages behind it, and other rows are read one by one. */
#ifndef INV_HOST_ROW_MAP_H
#define INV_HOST_ROW_MAP_H
#include <stddef.h>
#include "invar.h"

struct inv_row_map {
    unsigned char *at;                  /* NULL: nothing is mapped */
    size_t size, first, row_bytes;      /* of the file; where row 0 begins */
    int file;                           /* that rows are read from, or -1: all pages may stay */
    unsigned char *batch;               /* rows that were read */
    int32_t *place;                     /* of a row among these: 0, 1, 2 ... */
    char *path;
};

enum { INV_ROW_MEMORY = 64 << 20 };     /* bytes that may stay where nobody says how many */

/* Maps a file of map->size bytes, where first, row_bytes and path are set, too.  most: bytes that
 * may stay; rows: that are read at once.  0 where the system refuses: see errno.  The file may then
 * be closed, and path is the map's to free. */
int inv_row_map_open(struct inv_row_map *, int file, int64_t most, int64_t rows);
/* Of rows that are read: reads rows row[0 .. count - 1] into map->batch.  A file that can no longer
 * be read ends the program with a message, as memory that is out does. */
void inv_row_map_read(const struct inv_row_map *, const struct inv_run *, const int32_t *row,
                      int64_t count);
/* After a row of a walk through all rows in their order. */
void inv_row_map_pass(const struct inv_row_map *, int64_t row);
/* Rows are from now on looked at in any order: nothing is read ahead. */
void inv_row_map_shuffle(const struct inv_row_map *);
void inv_row_map_close(struct inv_row_map *);

/* Reads so many bytes of a file from byte `at` on; 0 where it cannot. */
int inv_row_bytes(int file, void *to, size_t bytes, int64_t at);

#endif
