/* IDX: two zero bytes, an element code, the number of axes, their sizes in big-endian order, then
 * the elements, big-endian (http://yann.lecun.com/exdb/mnist, "the IDX file format"). */
#include "array.h"

static int fail(struct inv_array *a, const char *what)
{
    if (!a->stream->failed)
        inv_error(a->stream->errors, "%s: %s", a->stream->path, what);
    return 0;
}

static int element_of(int code, enum inv_element *element)
{
    switch (code) {
    case 0x08: *element = INV_ELEMENT_U8; return 1;
    case 0x09: *element = INV_ELEMENT_I8; return 1;
    case 0x0b: *element = INV_ELEMENT_I16; return 1;
    case 0x0c: *element = INV_ELEMENT_I32; return 1;
    case 0x0d: *element = INV_ELEMENT_F32; return 1;
    case 0x0e: *element = INV_ELEMENT_F64; return 1;
    default: return 0;
    }
}

int inv_idx_header(struct inv_array *a)
{
    unsigned char magic[4], size[4];
    if (inv_stream_read(a->stream, magic, 4) < 4 || magic[0] != 0 || magic[1] != 0)
        return fail(a, "byte 0: not an IDX file (it begins with two zero bytes, an element type "
                       "and a number of axes); check the path, or declare it as npy or raw");
    if (!element_of(magic[2], &a->element))
        return fail(a, "byte 2: no IDX element type; expected 08, 09, 0b, 0c, 0d or 0e");
    if (magic[3] == 0 || magic[3] > INV_RANK)
        return fail(a, "byte 3: an IDX file of data has 1 to 8 axes");
    a->big_endian = 1;
    a->rank = magic[3] - 1;
    for (int i = 0; i < magic[3]; i++) {
        if (inv_stream_read(a->stream, size, 4) < 4)
            return fail(a, "ends within its IDX header; it was cut short, get it again");
        int64_t extent = (int64_t)size[0] << 24 | size[1] << 16 | size[2] << 8 | size[3];
        *(i ? &a->dim[i - 1] : &a->rows) = extent;
    }
    return 1;
}
