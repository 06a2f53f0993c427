/* Members NAME.npy of an NPZ file, versions 1 to 3 of NPY. */
#include <stdlib.h>
#include <string.h>
#include "convert/foreign.h"

/* The text behind 'key': in the header's dictionary, or NULL. */
static const char *value_of(const char *header, const char *key)
{
    const char *at = strstr(header, key);
    at = at ? strchr(at + strlen(key), ':') : NULL;
    return at ? at + 1 + strspn(at + 1, " ") : NULL;
}

static bool read_type(const char *text, struct foreign_array *a)
{
    static const struct { const char *code; enum inv_element element; } types[] = {
        {"u1", INV_ELEMENT_U8}, {"i1", INV_ELEMENT_I8}, {"u2", INV_ELEMENT_U16},
        {"i2", INV_ELEMENT_I16}, {"u4", INV_ELEMENT_U32}, {"i4", INV_ELEMENT_I32},
        {"u8", INV_ELEMENT_U64}, {"i8", INV_ELEMENT_I64}, {"f2", INV_ELEMENT_F16},
        {"f4", INV_ELEMENT_F32}, {"f8", INV_ELEMENT_F64}, {"b1", INV_ELEMENT_B1}};
    if (!text || (*text != '\'' && *text != '"') || !text[1] || !strchr("<>|=", text[1]))
        return false;
    a->big_endian = text[1] == '>';
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strncmp(text + 2, types[i].code, 2) == 0 && text[4] == *text) {
            a->element = types[i].element;
            return true;
        }
    return false;
}

static bool read_shape(const char *text, struct foreign_array *a)
{
    if (!text || *text++ != '(')
        return false;
    for (text += strspn(text, " "); *text != ')'; text += strspn(text, ", ")) {
        char *end;
        long long extent = strtoll(text, &end, 10);
        if (end == text || extent < 0 || a->rank == INV_RANK)
            return false;
        a->dim[a->rank++] = extent;
        text = end;
    }
    return true;
}

static void set_strides(struct foreign_array *a, bool by_column)
{
    int64_t stride = 1;
    for (int i = 0; i < a->rank; i++) {
        int axis = by_column ? i : a->rank - 1 - i;
        a->stride[axis] = stride;
        if (a->dim[axis] > 0 && stride < INT64_MAX / a->dim[axis])
            stride *= a->dim[axis];
    }
}

static bool read_npy(struct foreign *f, const struct member *m)
{
    const unsigned char *at = m->data;
    size_t name = strlen(m->name);
    struct foreign_array a = {.name = arena_strndup(f->arena, m->name, name - 4)};
    if (m->size < 12 || memcmp(at, "\x93NUMPY", 6) != 0 || at[6] < 1 || at[6] > 3)
        return foreign_fail(f, "member %s is no NPY file", m->name);
    size_t wide = at[6] == 1 ? 2 : 4, length = (size_t)at[8] | (size_t)at[9] << 8;
    if (wide == 4)
        length |= (size_t)at[10] << 16 | (size_t)at[11] << 24;
    if (length > m->size - 8 - wide)
        return foreign_fail(f, "member %s is cut short", m->name);
    const char *header = arena_strndup(f->arena, (const char *)at + 8 + wide, length);
    const char *order = value_of(header, "fortran_order");
    bool by_column = order && strncmp(order, "True", 4) == 0;
    if (!read_type(value_of(header, "descr"), &a) || !order ||
        (!by_column && strncmp(order, "False", 5) != 0) ||
        !read_shape(value_of(header, "shape"), &a))
        return foreign_add_unread(f, a, arena_printf(f->arena, "is no array of numbers of at most "
                                                     "%d axes", INV_RANK));
    set_strides(&a, by_column);
    size_t start = 8 + wide + length;
    return foreign_add_dense(f, a, at + start, m->size - start);
}

bool foreign_npz(struct foreign *f, const struct members *members)
{
    for (int i = 0; i < members->count; i++) {
        size_t length = strlen(members->member[i].name);
        bool npy = length > 4 && strcmp(members->member[i].name + length - 4, ".npy") == 0;
        if (npy && !read_npy(f, &members->member[i]))
            return false;
    }
    return true;
}
