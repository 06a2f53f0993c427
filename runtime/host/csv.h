/* Records of a CSV file (RFC 4180, with LF, CR LF or CR line ends, a byte order mark and empty
 * lines allowed; and the dialects below). */
#ifndef INV_HOST_CSV_H
#define INV_HOST_CSV_H
#include "grid.h"
#include "lines.h"

/* How a file is written. */
struct inv_dialect {
    char delimiter;                     /* 0: found out from the first line */
    char comment;                       /* lines that begin with it are left out; 0: none */
    int64_t skip;                       /* lines before the first record */
    char decimal;                       /* the decimal point */
};

enum { INV_CSV_PADDING = 8 };           /* bytes that may be read behind a cell's zero byte */

/* What a file holds, by its first bytes, or is: the others become text of a CSV file. */
enum inv_csv_holds {
    INV_CSV_TEXT,
    INV_CSV_OBJECTS,                    /* JSON lines: columns have names */
    INV_CSV_NUMBERS,                    /* an NPY array: columns have numbers */
    INV_CSV_FOLDER,                     /* images or sounds: columns have names */
    INV_CSV_ALONE                       /* one of these, as the only one of its folder */
};

/* Records are cut up where they lie in a window of the file: a cell's text ends where its separator
 * was. */
struct inv_csv {
    struct inv_stream stream;
    enum inv_csv_holds holds;
    struct inv_lines *lines;            /* of INV_CSV_OBJECTS */
    struct inv_grid *grid;              /* of INV_CSV_NUMBERS */
    struct inv_dialect dialect;
    unsigned char mark[256];            /* 1: a byte that can end a cell or begin a quoted one */
    char *window;
    size_t room, begin, end;            /* bytes not yet used: window[begin] up to window[end] */
    uint32_t *place;                    /* of marked bytes of the window, ascending */
    size_t next, places;
    int ended;                          /* the window holds the rest of the file */
    struct inv_csv_cell { size_t begin, end; } *cell; /* of the record at hand, in the window */
    int count, cell_room;
    int64_t line;                       /* on which the record begins, from 1; columns count
                                         * from 0, as in the model */
    int64_t next_line;
    int made_header;                    /* of JSON lines: the next record is on no line */
};

/* 0 after an error; closing is needed in both cases. */
int inv_csv_open(struct inv_csv *, const char *path, const struct inv_dialect *,
                 struct inv_errors *);
/* The table that inv_reader.list made of what is at that path. */
int inv_csv_open_listed(struct inv_csv *, const char *path, char *text, enum inv_csv_holds,
                        struct inv_errors *);
/* 1: a record was read; 0: none is left; -1: an error was reported and reading cannot go on.
 * Cells of the record before are then gone. */
int inv_csv_next(struct inv_csv *);
/* Ends with a zero byte, behind which INV_CSV_PADDING bytes can be read. */
static inline const char *inv_csv_cell(const struct inv_csv *csv, int column)
{
    return csv->window + csv->cell[column].begin;
}
/* Bytes of the cell's text. */
static inline size_t inv_csv_size(const struct inv_csv *csv, int column)
{
    return csv->cell[column].end - csv->cell[column].begin;
}
void inv_csv_close(struct inv_csv *, unsigned char digest[32]);

#endif
