/* In the place of what reads HDF5, in a build without libhdf5. */
#include "convert/hdf5.h"

static const char cure[] = "this invar was built without HDF5; install libhdf5 (Debian: "
                           "libhdf5-dev) and build it again";

bool foreign_hdf5(struct foreign *f, const unsigned char *bytes, size_t size,
                  struct hdf5_texts *texts)
{
    (void)bytes;
    (void)size;
    (void)texts;
    return foreign_fail(f, "holds weights in HDF5, and %s", cure);
}

bool hdf5_write(struct inv_output *out, const struct hdf5_layer *layer, int count)
{
    (void)layer;
    (void)count;
    inv_error(out->errors, "%s: weights of Keras are HDF5, and %s", out->name, cure);
    return false;
}
