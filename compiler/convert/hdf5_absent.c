/* In the place of what reads HDF5, in a build without libhdf5. */
#include "convert/hdf5.h"

bool foreign_hdf5(struct foreign *f, const unsigned char *bytes, size_t size,
                  struct hdf5_texts *texts)
{
    (void)bytes;
    (void)size;
    (void)texts;
    return foreign_fail(f, "holds weights in HDF5, and this invar was built without it; install "
                        "libhdf5 (Debian: libhdf5-dev) and build it again");
}
