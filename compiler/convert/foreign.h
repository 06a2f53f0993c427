/* Arrays of files that others wrote: safetensors, NPZ, state dicts of PyTorch and HDF5, read whole
 * into memory.  Nothing of a file is ever executed. */
#ifndef INVAR_FOREIGN_H
#define INVAR_FOREIGN_H
#include <stdbool.h>
#include "base/arena.h"
#include "host/array.h"

enum foreign_kind { FOREIGN_SAFETENSORS, FOREIGN_NPZ, FOREIGN_TORCH, FOREIGN_KERAS };

struct foreign_array {
    const char *name;
    enum inv_element element;
    bool big_endian;
    int rank;
    int64_t dim[INV_RANK], stride[INV_RANK]; /* in elements; dense in C order but in PyTorch */
    const unsigned char *data;          /* of element 0; all that the strides reach is there */
    const char *why;                    /* it cannot be read, which matters where it is wanted;
                                         * or NULL */
};

struct foreign {
    struct arena *arena;                /* set arena and errors, zero the rest */
    struct inv_errors *errors;
    const char *path;
    enum foreign_kind kind;
    struct foreign_array *array;
    int count, room;
};

/* The whole file; NULL after an error. */
unsigned char *foreign_bytes(struct foreign *, const char *path, size_t *);
/* false after an error. */
bool foreign_read(struct foreign *, const char *path);
/* The same of bytes at hand. */
bool foreign_read_bytes(struct foreign *, const char *path, const unsigned char *, size_t);
/* Element `index` of those that lie at `data`, as binary64; of whole numbers from 2^53 on the
 * lowest bits are gathered in one, which is enough to round once to binary32, and none becomes less
 * than 2^53. */
double foreign_value(const struct foreign_array *, int64_t index);
/* "F32", for messages. */
const char *foreign_dtype(enum inv_element);

/* Adds an array after checking its name, and that it lies within `size` bytes from `data` on: what
 * it reads of them begins at element `first`. */
bool foreign_add(struct foreign *, struct foreign_array, const unsigned char *data, size_t size,
                 int64_t first);
/* Adds one that cannot be read, for that reason. */
bool foreign_add_unread(struct foreign *, struct foreign_array, const char *why);
/* Of a file that gives each array bytes of its own: `size` must be what its shape takes. */
bool foreign_add_dense(struct foreign *, struct foreign_array, const unsigned char *data,
                       size_t size);
/* False, with an error that begins with the path. */
bool foreign_fail(const struct foreign *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A member of a zip file, unpacked. */
struct member { const char *name; const unsigned char *data; size_t size; };
struct members { struct member *member; int count, room; uint64_t unpacked; };
/* read_zip.c, read_npz.c, read_torch.c */
bool foreign_zip(struct foreign *, const unsigned char *, size_t, struct members *);
bool foreign_npz(struct foreign *, const struct members *);
bool foreign_torch(struct foreign *, const struct members *, const struct member *pickle);
/* Of PyTorch before 1.6: one file, no zip. */
bool foreign_torch_old(struct foreign *, const unsigned char *, size_t);

#endif
