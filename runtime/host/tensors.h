/* The safetensors format: 8 bytes of header length, a JSON header, the tensors' bytes.
 *
 * Written: __metadata__ first where there is some, tensors in the order of the list, compact JSON
 * with keys dtype, shape, data_offsets in this order, header padded with blanks to a multiple of 8,
 * no gaps, little-endian, NaN as 0x7fc00000.  Read: any order of names and keys; the tensors must
 * cover the data without gap or overlap. */
#ifndef INV_HOST_TENSORS_H
#define INV_HOST_TENSORS_H
#include "invar.h"
#include "json.h"
#include "output.h"

/* An array in memory: 4 bytes an element, truth values too, and 8 of INV_I64. */
struct inv_tensor {
    const char *name;
    enum inv_dtype dtype;
    int rank;
    const int64_t *dim;
    unsigned char *at;
};

/* Bytes in memory. */
size_t inv_tensor_size(const struct inv_tensor *);
/* In byte order of their names. */
void inv_tensors_sort(struct inv_tensor *, int count);

/* "[3, 4]", in new memory. */
char *inv_tensors_shape(const int64_t *dim, int rank);

/* A text of __metadata__. */
struct inv_tensor_note { char *key, *value; };

void inv_tensors_write(struct inv_output *, const struct inv_tensor *, int count,
                       const struct inv_tensor_note *, int notes);

/* An array as a file's header has it. */
struct inv_tensor_entry {
    char *name, *dtype;
    int rank, seen;                     /* seen: bit 0 dtype, 1 shape, 2 data_offsets */
    int64_t dim[INV_RANK];
    uint64_t begin, end;                /* from the file's byte `start` on */
};

/* A file that is read.  Set path, file and errors, zero the rest; the file stays the caller's. */
struct inv_tensor_file {
    const char *path;
    FILE *file;
    struct inv_errors *errors;
    struct inv_json json;
    struct inv_tensor_entry *entry;
    const struct inv_tensor_entry **by_name; /* the same, sorted */
    struct inv_tensor_note *note;
    int count, room, notes;
    uint64_t start;
};

enum { INV_TENSORS_HEADER = 100000000 }; /* most bytes of a header: the format's own limit */

/* Bytes of the header of these tensors, at most, and of what a file may have beside them. */
uint64_t inv_tensors_header_limit(const struct inv_tensor *, int count);
/* Opens what is read by place, so that a pipe, which might wait for ever, is none; or NULL and *why
 * (errno is 0 where that is no text of an errno). */
FILE *inv_tensors_file(const char *path, const char **why);
/* Reads the header; 0 after an error. */
int inv_tensors_open(struct inv_tensor_file *, uint64_t header_limit);
/* The array of that name, or NULL. */
const struct inv_tensor_entry *inv_tensors_find(const struct inv_tensor_file *, const char *name);
/* The array that alone has that name: NULL, and an error, where there are two; NULL where there is
 * none. */
const struct inv_tensor_entry *inv_tensors_single(const struct inv_tensor_file *, const char *name);
/* All names, in new memory. */
const char **inv_tensors_names(const struct inv_tensor_file *);
/* The text of that key in __metadata__, or NULL. */
const char *inv_tensors_note(const struct inv_tensor_file *, const char *key);
/* Fills these arrays, sorted by name, which must be exactly those of the file; else 0, and what
 * was there stays. */
int inv_tensors_read(struct inv_tensor_file *, const struct inv_tensor *, int count);
void inv_tensors_close(struct inv_tensor_file *);

#endif
