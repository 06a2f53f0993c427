/* NPY: magic, version, header length, a Python dictionary as text, then the elements
 * (NumPy enhancement proposal 1 and numpy.lib.format). */
#include "array.h"
#include <stdlib.h>
#include <string.h>

enum { HEADER_MAX = 1 << 20 };

static int fail(struct inv_array *a, const char *what)
{
    if (!a->stream->failed)
        inv_error(a->stream->errors, "%s: %s", a->stream->path, what);
    return 0;
}

/* The text after 'key': in the dictionary, or NULL. */
static const char *find_key(const char *header, const char *key)
{
    size_t length = strlen(key);
    for (const char *at = header; (at = strstr(at, key)); at += length) {
        char quote = at > header ? at[-1] : ' ';
        if ((quote != '\'' && quote != '"') || at[length] != quote)
            continue;
        const char *colon = at + length + 1 + strspn(at + length + 1, " ");
        if (*colon == ':')
            return colon + 1 + strspn(colon + 1, " ");
    }
    return NULL;
}

static int read_descr(struct inv_array *a, const char *at)
{
    static const struct { char code[3]; enum inv_element element; } known[] = {
        { "u1", INV_ELEMENT_U8 }, { "i1", INV_ELEMENT_I8 }, { "u2", INV_ELEMENT_U16 },
        { "i2", INV_ELEMENT_I16 }, { "u4", INV_ELEMENT_U32 }, { "i4", INV_ELEMENT_I32 },
        { "u8", INV_ELEMENT_U64 }, { "i8", INV_ELEMENT_I64 }, { "f4", INV_ELEMENT_F32 },
        { "f8", INV_ELEMENT_F64 }, { "b1", INV_ELEMENT_B1 }, { "f2", INV_ELEMENT_F16 },
    };
    if (!at || (*at != '\'' && *at != '"') || strlen(at) < 5 || at[4] != *at ||
        !strchr("<>|=", at[1]))
        return fail(a, "its NPY element type is no plain number; save it as float32 or int32");
    a->big_endian = at[1] == '>';
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (memcmp(known[i].code, at + 2, 2) == 0) {
            a->element = known[i].element;
            return 1;
        }
    }
    inv_error(a->stream->errors,
              "%s: NPY element type '%.3s' cannot be read; expected f2, f4, f8, b1, i1 to i8 or u1 "
              "to u8: save it with .astype(\"float32\")", a->stream->path, at + 1);
    return 0;
}

static int read_shape(struct inv_array *a, const char *at)
{
    int axes = 0;
    if (!at || *at++ != '(')
        return fail(a, "its NPY header has no shape; save the file again");
    for (at += strspn(at, " "); *at >= '0' && *at <= '9'; at += strspn(at, " ")) {
        char *end;
        long long extent = strtoll(at, &end, 10);
        if (axes > INV_RANK || extent < 0 || extent > INT32_MAX)
            return fail(a, "an NPY array of data has 1 to 9 axes, each below 2^31");
        *(axes ? &a->dim[axes - 1] : &a->rows) = extent;
        axes++;
        at = end + strspn(end, " L");
        if (*at == ',')
            at++;
    }
    if (axes == 0 || *at != ')')
        return fail(a, "an array of data needs an axis of rows; reshape it");
    a->rank = axes - 1;
    return 1;
}

static int read_dictionary(struct inv_array *a, const char *header)
{
    const char *fortran = find_key(header, "fortran_order");
    if (!read_descr(a, find_key(header, "descr")) || !read_shape(a, find_key(header, "shape")))
        return 0;
    a->by_column = fortran && strncmp(fortran, "True", 4) == 0 && a->rank > 0;
    return 1;
}

int inv_npy_header(struct inv_array *a)
{
    unsigned char magic[8], size[4] = { 0 };
    if (inv_stream_read(a->stream, magic, 8) < 8 || memcmp(magic, "\x93NUMPY", 6) != 0)
        return fail(a, "byte 0: not an NPY file (it begins with \\x93NUMPY); check the path, or "
                       "declare it as idx or raw");
    if (magic[6] < 1 || magic[6] > 3)
        return fail(a, "byte 6: NPY version not known; expected 1, 2 or 3");
    size_t width = magic[6] == 1 ? 2 : 4;
    size_t got = inv_stream_read(a->stream, size, width);
    size_t length = (size_t)size[0] | (size_t)size[1] << 8 | (size_t)size[2] << 16 |
                    (size_t)size[3] << 24;
    if (got < width || length > HEADER_MAX)
        return fail(a, "byte 8: the length of its NPY header is wrong; get the file again");
    char *header = inv_allocate(length + 1);
    int ok = inv_stream_read(a->stream, header, length) == length
                 ? read_dictionary(a, header)
                 : fail(a, "ends within its NPY header; it was cut short, get it again");
    free(header);
    return ok;
}
