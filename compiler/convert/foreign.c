#include "convert/foreign.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "convert/hdf5.h"
#include "host/tensors.h"

static const struct { const char *name; int bytes; } types[] = {
    [INV_ELEMENT_U8] = {"U8", 1}, [INV_ELEMENT_I8] = {"I8", 1}, [INV_ELEMENT_U16] = {"U16", 2},
    [INV_ELEMENT_I16] = {"I16", 2}, [INV_ELEMENT_U32] = {"U32", 4}, [INV_ELEMENT_I32] = {"I32", 4},
    [INV_ELEMENT_U64] = {"U64", 8}, [INV_ELEMENT_I64] = {"I64", 8}, [INV_ELEMENT_F32] = {"F32", 4},
    [INV_ELEMENT_F64] = {"F64", 8}, [INV_ELEMENT_B1] = {"BOOL", 1},
    [INV_ELEMENT_F16] = {"F16", 2}, [INV_ELEMENT_BF16] = {"BF16", 2}};
enum { TYPES = sizeof types / sizeof *types };

const char *foreign_dtype(enum inv_element element)
{
    return types[element].name;
}

bool foreign_fail(const struct foreign *f, const char *format, ...)
{
    char what[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    inv_error(f->errors, "%s: %s", f->path, what);
    return false;
}

/* ---- elements ---- */

static double half(uint64_t bits)
{
    int exponent = (int)(bits >> 10 & 31), fraction = (int)(bits & 1023);
    double size = exponent == 31  ? (fraction ? (double)__builtin_nanf("") : __builtin_inf())
                  : exponent == 0 ? fraction * 0x1p-24
                                  : (1024 + fraction) * 0x1p-25 * (double)(1u << exponent);
    return bits >> 15 ? -size : size;
}

static double single(uint32_t bits)
{
    float real;
    memcpy(&real, &bits, sizeof real);
    return (double)real;
}

/* A whole number whose lowest bits are gathered in one where binary64 cannot have them all. */
static double whole(uint64_t size)
{
    enum { LOW = (1 << 11) - 1 };
    return (double)(size >> 53 ? (size & ~(uint64_t)LOW) | (size & LOW ? LOW + 1 : 0) : size);
}

static double whole_signed(int64_t number)
{
    return number < 0 ? -whole(-(uint64_t)number) : whole((uint64_t)number);
}

double foreign_value(const struct foreign_array *a, int64_t index)
{
    int bytes = types[a->element].bytes, spare = 64 - 8 * bytes;
    const unsigned char *at = a->data + index * bytes;
    uint64_t bits = 0;
    double real;
    for (int b = 0; b < bytes; b++)
        bits |= (uint64_t)at[a->big_endian ? bytes - 1 - b : b] << (8 * b);
    switch (a->element) {
    case INV_ELEMENT_F16: return half(bits);
    case INV_ELEMENT_BF16: return single((uint32_t)bits << 16);
    case INV_ELEMENT_F32: return single((uint32_t)bits);
    case INV_ELEMENT_F64: return memcpy(&real, &bits, sizeof real), real;
    case INV_ELEMENT_I8: case INV_ELEMENT_I16: case INV_ELEMENT_I32: case INV_ELEMENT_I64:
        return whole_signed((int64_t)(bits << spare) >> spare);
    case INV_ELEMENT_B1: return bits != 0;
    default: return whole(bits);
    }
}

/* Names are printed, and found by: a zero byte or a line's end would make another name of them. */
static bool is_plain(const char *name)
{
    for (; *name; name++)
        if ((unsigned char)*name < ' ' || *name == 127)
            return false;
    return true;
}

static bool check_name(const struct foreign *f, const char *name)
{
    return is_plain(name) ||
           foreign_fail(f, "array %d has a name with control characters; write it anew with "
                        "another name", f->count);
}

bool foreign_add_unread(struct foreign *f, struct foreign_array a, const char *why)
{
    a.why = why;
    if (!check_name(f, a.name))
        return false;
    ARENA_PUSH(f->arena, f->array, f->count, f->room) = a;
    return true;
}

bool foreign_add(struct foreign *f, struct foreign_array a, const unsigned char *data, size_t size,
                 int64_t first)
{
    int64_t last = first, room = (int64_t)(size / (size_t)types[a.element].bytes);
    bool fits = first >= 0, empty = false;
    if (!check_name(f, a.name))
        return false;
    for (int i = 0; i < a.rank; i++)
        empty |= a.dim[i] == 0;
    for (int i = 0; i < a.rank && !empty && fits; i++) {
        int64_t steps = a.dim[i] - 1;
        fits = steps >= 0 && a.stride[i] >= 0 &&
               (steps == 0 || a.stride[i] <= (room - last) / steps);
        last += fits ? steps * a.stride[i] : 0;
    }
    if (!empty && (!fits || last >= room))
        return foreign_fail(f, "array %s is larger than its bytes in the file", a.name);
    a.data = data + (empty ? 0 : first) * types[a.element].bytes;
    ARENA_PUSH(f->arena, f->array, f->count, f->room) = a;
    return true;
}

bool foreign_add_dense(struct foreign *f, struct foreign_array a, const unsigned char *data,
                       size_t size)
{
    uint64_t bytes = (uint64_t)types[a.element].bytes;
    for (int i = 0; i < a.rank; i++)
        if (__builtin_mul_overflow(bytes, (uint64_t)a.dim[i], &bytes))
            bytes = UINT64_MAX;
    for (int i = 0; i < a.rank; i++)
        bytes = a.dim[i] ? bytes : 0;
    if (bytes < size)
        return foreign_fail(f, "array %s has %zu bytes in the file, and its shape takes %llu; "
                            "write it anew", a.name, size, (unsigned long long)bytes);
    return foreign_add(f, a, data, size, 0);
}

/* ---- safetensors ---- */

static bool add_tensor(struct foreign *f, const struct inv_tensor_file *r,
                       const struct inv_tensor_entry *t, const unsigned char *bytes, size_t size)
{
    struct foreign_array a = {.name = arena_strndup(f->arena, t->name, strlen(t->name)),
                              .rank = t->rank};
    int64_t stride = 1;
    int type = 0;
    while (type < TYPES && strcmp(types[type].name, t->dtype) != 0)
        type++;
    if (type == TYPES)
        return foreign_add_unread(f, a, arena_printf(f->arena, "is of type %s", t->dtype));
    if (t->end < t->begin || r->start > size || t->end > size - r->start)
        return foreign_fail(f, "array %s is cut short", t->name);
    a.element = (enum inv_element)type;
    for (int i = t->rank - 1; i >= 0; i--) {
        a.dim[i] = t->dim[i];
        a.stride[i] = stride;
        if (t->dim[i] > 0 && stride < INT64_MAX / t->dim[i])
            stride *= t->dim[i];
    }
    return foreign_add_dense(f, a, bytes + r->start + t->begin, (size_t)(t->end - t->begin));
}

static bool read_tensors(struct foreign *f, const unsigned char *bytes, size_t size)
{
    FILE *file = fmemopen((void *)(uintptr_t)bytes, size, "rb"); /* which only reads */
    struct inv_tensor_file r = {.path = f->path, .errors = f->errors, .file = file};
    bool good = file && inv_tensors_open(&r, INV_TENSORS_HEADER);
    for (int i = 0; i < r.count && good; i++)
        good = add_tensor(f, &r, &r.entry[i], bytes, size);
    inv_tensors_close(&r);
    if (file)
        fclose(file);
    return good;
}

/* ---- files ---- */

static bool is_pickle(const struct member *m)
{
    const char *slash = strchr(m->name, '/');
    return slash && strcmp(slash, "/data.pkl") == 0;
}

/* The only one, or NULL; false where there are several. */
static bool find_pickle(const struct foreign *f, const struct members *members,
                        const struct member **pickle)
{
    *pickle = NULL;
    for (int i = 0; i < members->count; i++) {
        if (!is_pickle(&members->member[i]))
            continue;
        if (*pickle)
            return foreign_fail(f, "holds both %s and %s; write it anew with one", (*pickle)->name,
                                members->member[i].name);
        *pickle = &members->member[i];
    }
    return true;
}

bool foreign_read_bytes(struct foreign *f, const char *path, const unsigned char *bytes,
                        size_t size)
{
    struct members members = {.count = 0};
    f->path = path;
    if (size >= 2 && bytes[0] == 0x80 && bytes[1] <= 5) {
        f->kind = FOREIGN_TORCH;
        return foreign_torch_old(f, bytes, size);
    }
    if (size >= 4 && memcmp(bytes, "\x89HDF", 4) == 0) {
        struct hdf5_texts texts = {.count = 0};
        f->kind = FOREIGN_KERAS;
        return foreign_hdf5(f, bytes, size, &texts);
    }
    if (size < 4 || memcmp(bytes, "PK", 2) != 0) {
        f->kind = FOREIGN_SAFETENSORS;
        return size == 0 ? foreign_fail(f, "is empty") : read_tensors(f, bytes, size);
    }
    const struct member *pickle;
    if (!foreign_zip(f, bytes, size, &members) || !find_pickle(f, &members, &pickle))
        return false;
    f->kind = pickle ? FOREIGN_TORCH : FOREIGN_NPZ;
    return pickle ? foreign_torch(f, &members, pickle) : foreign_npz(f, &members);
}

unsigned char *foreign_bytes(struct foreign *f, const char *path, size_t *bytes_there)
{
    FILE *file = fopen(path, "rb");
    unsigned char *bytes = NULL;
    off_t size = -1;
    f->path = path;
    if (file && fseeko(file, 0, SEEK_END) == 0)
        size = ftello(file);
    if (size >= 0) {
        rewind(file);
        bytes = arena_alloc(f->arena, (size_t)size + 1);
        size = fread(bytes, 1, (size_t)size, file) == (size_t)size ? size : -1;
    }
    int why = errno;
    if (file)
        fclose(file);
    if (size < 0)
        foreign_fail(f, "cannot be read: %s", strerror(why));
    *bytes_there = size < 0 ? 0 : (size_t)size;
    return size < 0 ? NULL : bytes;
}

bool foreign_read(struct foreign *f, const char *path)
{
    size_t size;
    const unsigned char *bytes = foreign_bytes(f, path, &size);
    return bytes && foreign_read_bytes(f, path, bytes, size);
}
