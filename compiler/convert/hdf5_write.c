/* A file of weights in HDF5, made in memory: Keras's older form, in which a layer is found by its
 * name.  The root has layer_names, and the group of each layer weight_names, lists of texts. */
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include "convert/hdf5.h"

/* A list of texts as an attribute, each as long as the longest. */
static bool put_texts(hid_t at, const char *key, const char *const *text, int count)
{
    size_t width = 1;
    for (int i = 0; i < count; i++)
        width = strlen(text[i]) > width ? strlen(text[i]) : width;
    char *packed = calloc((size_t)count + 1, width);
    for (int i = 0; packed && i < count; i++)
        memcpy(packed + (size_t)i * width, text[i], strlen(text[i]));
    hsize_t size = (hsize_t)count;
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate_simple(1, &size, NULL), attribute = -1;
    bool good = packed && H5Tset_size(type, width) >= 0 &&
                H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0;
    if (good)
        attribute = H5Acreate2(at, key, type, space, H5P_DEFAULT, H5P_DEFAULT);
    good = attribute >= 0 && H5Awrite(attribute, type, packed) >= 0;
    if (attribute >= 0)
        H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
    free(packed);
    return good;
}

/* One text that is no list. */
static bool put_text(hid_t at, const char *key, const char *text)
{
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR), attribute = -1;
    if (H5Tset_size(type, strlen(text)) >= 0 && H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0)
        attribute = H5Acreate2(at, key, type, space, H5P_DEFAULT, H5P_DEFAULT);
    bool good = attribute >= 0 && H5Awrite(attribute, type, text) >= 0;
    if (attribute >= 0)
        H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
    return good;
}

/* untimed: properties by which no time is kept, so that bytes are the same each time. */
static bool put_array(hid_t group, const struct inv_tensor *t, hid_t untimed)
{
    hsize_t dim[INV_RANK];
    for (int i = 0; i < t->rank; i++)
        dim[i] = (hsize_t)t->dim[i];
    hid_t space = t->rank ? H5Screate_simple(t->rank, dim, NULL) : H5Screate(H5S_SCALAR);
    hid_t set = H5Dcreate2(group, t->name, H5T_IEEE_F32LE, space, H5P_DEFAULT, untimed,
                           H5P_DEFAULT);
    bool good =
        set >= 0 && H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, t->at) >= 0;
    if (set >= 0)
        H5Dclose(set);
    H5Sclose(space);
    return good;
}

static bool put_layer(hid_t file, const struct hdf5_layer *layer, hid_t untimed)
{
    const char **name = calloc((size_t)layer->count + 1, sizeof *name);
    hid_t group = H5Gcreate2(file, layer->name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    bool good = name && group >= 0;
    for (int i = 0; good && i < layer->count; i++) {
        name[i] = layer->array[i].name;
        good = put_array(group, &layer->array[i], untimed);
    }
    good = good && put_texts(group, "weight_names", name, layer->count);
    if (group >= 0)
        H5Gclose(group);
    free(name);
    return good;
}

static bool put_layers(hid_t file, const struct hdf5_layer *layer, int count)
{
    const char **name = calloc((size_t)count + 1, sizeof *name);
    hid_t untimed = H5Pcreate(H5P_DATASET_CREATE);
    bool good = name && H5Pset_obj_track_times(untimed, 0) >= 0;
    for (int i = 0; good && i < count; i++) {
        name[i] = layer[i].name;
        good = put_layer(file, &layer[i], untimed);
    }
    good = good && put_texts(file, "layer_names", name, count) &&
           put_text(file, "backend", "invar") && put_text(file, "keras_version", "3.0.0");
    H5Pclose(untimed);
    free(name);
    return good;
}

/* The file's bytes, in new memory; NULL after a failure. */
static void *make_image(const struct hdf5_layer *layer, int count, size_t *size)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), file = -1;
    void *image = NULL;
    if (H5Pset_fapl_core(access, 1 << 16, 0) >= 0)
        file = H5Fcreate("/no/such/image", H5F_ACC_TRUNC, H5P_DEFAULT, access);
    if (file >= 0 && put_layers(file, layer, count) && H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0) {
        ssize_t bytes = H5Fget_file_image(file, NULL, 0);
        image = bytes > 0 ? malloc((size_t)bytes) : NULL;
        *size = (size_t)bytes;
        if (image && H5Fget_file_image(file, image, *size) != bytes) {
            free(image);
            image = NULL;
        }
    }
    if (file >= 0)
        H5Fclose(file);
    H5Pclose(access);
    return image;
}

bool hdf5_write(struct inv_output *out, const struct hdf5_layer *layer, int count)
{
    size_t size = 0;
    void *image = NULL;
    if (H5open() >= 0 && H5Eset_auto2(H5E_DEFAULT, NULL, NULL) >= 0)
        image = make_image(layer, count, &size);
    if (!image) {
        inv_error(out->errors, "%s: libhdf5 cannot make the file; the list of its layers may be "
                  "longer than 64 KiB", out->name);
        return false;
    }
    inv_output_write(out, image, size);
    free(image);
    return true;
}
