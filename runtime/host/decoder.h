/* Files that cells name, of rows that memory does not hold: they are read and decoded anew whenever
 * their rows are wanted, by a thread that is ahead of who asks. */
#ifndef INV_HOST_DECODER_H
#define INV_HOST_DECODER_H
#include "row_map.h"

/* What the file of a cell was when it was read first. */
struct inv_cell_file {
    char *path;                         /* NULL: none is there */
    int64_t first;                      /* as of inv_named */
    unsigned char digest[32];
};

/* Those of one row after the other, and of a row one for each field that is of files. */
struct inv_cell_files {
    struct inv_cell_file *file;
    int64_t count, room;
};

/* How many of the first `end` fields of the model are of files. */
int inv_decoder_fields(const struct inv_model *, int end);
void inv_cell_files_add(struct inv_cell_files *, const struct inv_cell_file *, int64_t count);
void inv_cell_files_free(struct inv_cell_files *);

struct inv_decoder;

/* The files stay the caller's, who may add more before rows are wanted.  most: bytes of cells that
 * are decoded before their turn, though those of `rows` rows, which are wanted at once, have room
 * in any case. */
struct inv_decoder *inv_decoder_new(const struct inv_model *, const struct inv_cell_files *,
                                    int64_t most, int64_t rows);
/* Puts the cells of rows row[0 .. count - 1] into the INV_RAW variables; ahead: as of
 * inv_row_map_read.  A file that cannot be read any more, or is another than it was, ends the
 * program with a message that names it. */
void inv_decoder_read(struct inv_decoder *, const struct inv_run *, const int32_t *row,
                      int64_t count, const struct inv_row_ahead *ahead);
void inv_decoder_free(struct inv_decoder *);

#endif
