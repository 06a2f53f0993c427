/* Records of a CSV file (RFC 4180, with LF, CR LF or CR line ends, a byte order mark and empty
 * lines allowed). */
#ifndef INV_HOST_CSV_H
#define INV_HOST_CSV_H
#include "stream.h"

struct inv_csv {
    struct inv_stream stream;
    char *text;                         /* cells of the record, each ended by a zero byte */
    size_t length, room;
    size_t *cell;                       /* where each begins in text */
    int count, cell_room;
    int64_t line;                       /* on which the record begins, from 1; columns count
                                         * from 0, as in the model */
    int64_t next_line;
};

int inv_csv_open(struct inv_csv *, const char *path, struct inv_errors *);
/* 1: a record was read; 0: none is left; -1: an error was reported and reading cannot go on. */
int inv_csv_next(struct inv_csv *);
const char *inv_csv_cell(const struct inv_csv *, int column);
void inv_csv_close(struct inv_csv *, unsigned char digest[32]);

#endif
