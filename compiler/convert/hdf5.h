/* HDF5 files in memory, read by libhdf5 in a process of its own that can do nothing else, and
 * written. */
#ifndef INVAR_CONVERT_HDF5_H
#define INVAR_CONVERT_HDF5_H
#include "convert/foreign.h"
#include "host/output.h"
#include "host/tensors.h"

/* Texts that are attributes of the file itself. */
struct hdf5_text { const char *name, *text; size_t size; };
struct hdf5_texts { struct hdf5_text *text; int count, room; };

/* Adds each array of numbers under its path ("layers/dense/vars/0") as f32, and the texts; false
 * after an error. */
bool foreign_hdf5(struct foreign *, const unsigned char *, size_t, struct hdf5_texts *);


/* A layer of Keras, and its arrays, all of f32. */
struct hdf5_layer {
    const char *name;
    struct inv_tensor *array;
    int count, room;
};

/* Writes weights by names of layers, as Keras's load_weights(FILE, by_name=True) reads them; the
 * same bytes each time.  False after an error. */
bool hdf5_write(struct inv_output *, const struct hdf5_layer *, int count);

#endif
