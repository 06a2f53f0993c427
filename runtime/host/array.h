/* Arrays in binary files, read row by row: IDX (MNIST's format), NPY (NumPy's, versions 1 to 3),
 * CIFAR's records and bare little-endian bytes, any of them gzipped; members of NPZ (zip) and
 * safetensors files; and texts, by bytes or characters. */
#ifndef INV_HOST_ARRAY_H
#define INV_HOST_ARRAY_H
#include "invar.h"
#include "characters.h"

enum inv_element {
    INV_ELEMENT_U8, INV_ELEMENT_I8, INV_ELEMENT_U16, INV_ELEMENT_I16, INV_ELEMENT_U32,
    INV_ELEMENT_I32, INV_ELEMENT_U64, INV_ELEMENT_I64, INV_ELEMENT_F32, INV_ELEMENT_F64,
    INV_ELEMENT_B1, INV_ELEMENT_F16, INV_ELEMENT_BF16
};

struct inv_array {
    struct inv_stream *stream;          /* own, or that of who opened it */
    struct inv_stream own;
    enum inv_element element;
    int big_endian;
    int rank;                           /* of one row */
    int64_t dim[INV_RANK];              /* of one row */
    int64_t rows;                       /* as the header says; -1: up to the end of the file */
    int64_t row_cells;
    int64_t row;                        /* rows read so far */
    unsigned char *bytes;               /* one row as in the file */
    int64_t start;                      /* the byte at which the elements begin */
    int by_column;                      /* Fortran order: the first axis varies fastest */
    unsigned char *whole;               /* by_column: all elements; records: the one at hand */
    int64_t record, first;              /* not 0: rows lie in records of so many bytes, from byte
                                         * `first`, channel after channel (the last axis) */
    const struct inv_names *characters; /* not NULL: a cell is the number of a character */
    int64_t line_from, line_reach;      /* reach not 0: a row is a line, from line_from on */
};

/* rank and dim: the shape of one row that the reader wants; bare bytes have it, the other formats
 * state their own. */
int inv_array_open(struct inv_array *, const struct inv_file *, const char *path, int rank,
                   const int64_t *dim, struct inv_errors *);
/* The NPY array that begins here in an open stream, which is not closed with it. */
int inv_array_begin_npy(struct inv_array *, struct inv_stream *);
/* From now on a cell is a character of the file, its number that in the names. */
void inv_array_read_characters(struct inv_array *, const struct inv_names *);
/* And a row is a line that is not empty, from its character `from` on, the line end before it
 * being -1, and behind its end line ends; one of more than `reach` characters is an error. */
void inv_array_read_lines(struct inv_array *, int64_t from, int64_t reach);
/* Turns the next row into row_cells values of dtype (INV_F32 or INV_I32): 1, 0 at the end, -1 after
 * an error.  Integers wider than 24 bits and f64 are rounded once to f32.  An array in Fortran
 * order is read whole, since a row of it lies all over the file. */
int inv_array_next(struct inv_array *, enum inv_dtype, void *to);
/* Reads the next row, for inv_array_text: 1, 0 at the end, -1 after an error. */
int inv_array_fetch(struct inv_array *);
enum { INV_ARRAY_TEXT = 40 };
/* Prints a cell of that row, with as many digits as give it back when read. */
void inv_array_text(const struct inv_array *, int64_t cell, char text[INV_ARRAY_TEXT]);
void inv_array_close(struct inv_array *, unsigned char digest[32]);

/* Read the header at the stream's start into the array: 0 after an error. */
int inv_idx_header(struct inv_array *);
int inv_npy_header(struct inv_array *);
int inv_cifar_header(struct inv_array *, enum inv_source_kind, const char *member);

/* zip.c: where the member NAME or NAME.npy of a zip file lies; 0 after an error (APPNOTE.TXT 6.3.10
 * of PKWARE: stored and deflated members, Zip64). */
int inv_zip_find(struct inv_stream *, const char *member, struct inv_section *);

int inv_element_bytes(enum inv_element);
/* A little-endian element as binary32, rounded once; 0 where that is not finite. */
int inv_element_f32(enum inv_element, const unsigned char *at, float *to);

#endif
