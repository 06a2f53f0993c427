/* A row file: the rows of a data set as they are before INV_NORMALISE and before missing cells are
 * filled, one after the other, each with its fields side by side, and what else reading the sources
 * found out.  It is mapped; of what is mapped little stays resident.
 *
 *     byte 0      struct head (row_file.c), in the byte order of the machine
 *     byte 4096   rows * row_bytes bytes
 *     then        the tail: counts and texts (row_tail.h)
 *
 * A file is used only where its key is that of the model's data, its sources are as they were, and
 * the SHA-256 of its rows, and of its head and tail, are right. */
#ifndef INV_HOST_ROW_FILE_H
#define INV_HOST_ROW_FILE_H
#include "output.h"
#include "row_place.h"

/* Rows on their way into a file. */
struct inv_row_writer {
    struct inv_output out;
    struct inv_errors errors;           /* of writing: they are told when the file is ended */
    char *said;
    size_t said_size;
    const struct inv_row_place *place;
    unsigned char *row;                 /* of one batch */
    size_t row_bytes;
};

/* 0 where the file cannot be written: inv_row_file_end() then says why.  The file's name must stay
 * until then. */
int inv_row_file_begin(struct inv_row_writer *, const struct inv_dataset *,
                       const struct inv_row_place *);
/* Appends the batch that the INV_INPUT variables hold. */
void inv_row_file_add(struct inv_row_writer *, const struct inv_dataset *, const struct inv_run *);
/* 1 where the file is in place; without `keep` it is left out.  Else *why, in new memory, tells. */
int inv_row_file_end(struct inv_row_writer *, const struct inv_dataset *, int keep, char **why);

/* 1: the rows of the data set are those of the file; 0: it has to be made (a note says why, where
 * one was there); -1 after an error: what is there is no row file, or cannot be read. */
int inv_row_file_open(struct inv_dataset *, struct inv_row_place *);

#endif
