/* Numbers of ONNX files that are known. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "convert/foreign.h"
#include "convert/read.h"

static const int64_t most_elements = INT_MAX / 4;

/* The elements of these extents, or -1 where there are too many, or an extent is negative. */
static int64_t count_of(int rank, const int64_t *dim)
{
    int64_t count = 1;
    bool none = false;
    for (int i = 0; i < rank; i++) {    /* in any order of axes the same */
        if (dim[i] < 0 || (dim[i] && count > most_elements / dim[i]))
            return -1;
        none |= dim[i] == 0;
        count *= dim[i] ? dim[i] : 1;
    }
    return none ? 0 : count;
}

struct tensor *tensor_new(struct import *im, int type, int rank, const int64_t *dim)
{
    struct tensor *t = ARENA_NEW(im->arena, struct tensor);
    t->type = type;
    t->rank = rank;
    for (int i = 0; i < rank; i++)
        t->dim[i] = dim[i];
    t->count = count_of(rank, dim);
    if (t->count < 0 || (im->folding && t->count > im->fold_room))
        return NULL;
    im->fold_room -= im->folding ? t->count : 0;
    if (type == ONNX_FLOAT)
        t->real = ARENA_ARRAY(im->arena, float, t->count + 1);
    else
        t->whole = ARENA_ARRAY(im->arena, int64_t, t->count + 1);
    return t;
}

/* Bytes of an element of raw data; 0: a type that is not read. */
static int raw_bytes(int type)
{
    switch (type) {
    case ONNX_FLOAT: case ONNX_INT32: case ONNX_UINT32: return 4;
    case ONNX_INT64: case ONNX_UINT64: case ONNX_DOUBLE: return 8;
    case ONNX_UINT8: case ONNX_INT8: case ONNX_BOOL: return 1;
    case ONNX_INT16: case ONNX_UINT16: case ONNX_FLOAT16: case ONNX_BFLOAT16: return 2;
    default: return 0;
    }
}

static int64_t raw_whole(int type, const unsigned char *at)
{
    uint64_t bits = 0;
    int bytes = raw_bytes(type);
    for (int i = 0; i < bytes; i++)
        bits |= (uint64_t)at[i] << 8 * i;
    switch (type) {
    case ONNX_INT32: return (int32_t)bits;
    case ONNX_INT16: return (int16_t)bits;
    case ONNX_INT8: return (int8_t)bits;
    default: return (int64_t)bits;
    }
}

/* Doubles, such as constants of a few operators, become the nearest float; halves are floats. */
static float raw_real(int type, const unsigned char *at)
{
    double wide;
    float real;
    if (type == ONNX_DOUBLE) {
        uint64_t bits = (uint64_t)raw_whole(ONNX_INT64, at);
        memcpy(&wide, &bits, sizeof wide);
        return (float)wide;
    }
    if (type != ONNX_FLOAT) {
        struct foreign_array half = {.data = at, .element = type == ONNX_FLOAT16 ? INV_ELEMENT_F16
                                                                              : INV_ELEMENT_BF16};
        return (float)foreign_value(&half, 0);
    }
    uint32_t single = (uint32_t)raw_whole(ONNX_INT32, at);
    memcpy(&real, &single, sizeof real);
    return real;
}

static void read_raw(struct tensor *t, int type, const unsigned char *at)
{
    int bytes = raw_bytes(type);
    for (int64_t i = 0; i < t->count; i++, at += bytes) {
        if (t->real)
            t->real[i] = raw_real(type, at);
        else
            t->whole[i] = raw_whole(type, at);
    }
}

bool onnx_is_real(int type)
{
    return type == ONNX_FLOAT || type == ONNX_DOUBLE || type == ONNX_FLOAT16 ||
           type == ONNX_BFLOAT16;
}

/* Numbers in the field of their type. */
static size_t field_count(const Onnx__Tensor *from)
{
    return from->data_type == ONNX_FLOAT ? from->n_float_data
        : from->data_type == ONNX_INT64 ? from->n_int64_data
        : from->data_type == ONNX_DOUBLE ? from->n_double_data
        : from->data_type == ONNX_UINT32 || from->data_type == ONNX_UINT64 ? from->n_uint64_data
        : from->n_int32_data;
}

static void read_fields(struct tensor *t, const Onnx__Tensor *from)
{
    for (int64_t i = 0; i < t->count; i++)
        switch (from->data_type) {
        case ONNX_FLOAT: t->real[i] = from->float_data[i]; break;
        case ONNX_DOUBLE: t->real[i] = (float)from->double_data[i]; break;
        case ONNX_INT64: t->whole[i] = from->int64_data[i]; break;
        case ONNX_UINT32: case ONNX_UINT64: t->whole[i] = (int64_t)from->uint64_data[i]; break;
        case ONNX_FLOAT16: case ONNX_BFLOAT16: {
            unsigned char bits[2] = {(unsigned char)from->int32_data[i],
                                     (unsigned char)(from->int32_data[i] >> 8)};
            t->real[i] = raw_real(from->data_type, bits);
            break;
        }
        default: t->whole[i] = from->int32_data[i]; break;
        }
}

/* A number of an entry of external data; false where it is none. */
static bool entry_number(const char *text, uint64_t *value)
{
    char *end;
    *value = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end;
}

static const unsigned char *external(struct import *im, const Onnx__Tensor *from, const char *name,
                                     uint64_t need)
{
    const char *location = "";
    uint64_t offset = 0, length = need;
    bool good = true;
    for (size_t i = 0; i < from->n_external_data; i++) {
        const Onnx__Entry *e = from->external_data[i];
        if (!e->key || !e->value)
            continue;
        if (!strcmp(e->key, "location"))
            location = e->value;
        else if (!strcmp(e->key, "offset"))
            good &= entry_number(e->value, &offset);
        else if (!strcmp(e->key, "length"))
            good &= entry_number(e->value, &length);
    }
    if (good && length == need)
        return onnx_read_external(im->arena, im->path, location, offset, need, im->errors);
    inv_error(im->errors, "%s: tensor '%s': its external data should have %llu bytes by its shape; "
              "export the model again", im->path, name, (unsigned long long)need);
    return NULL;
}

struct tensor *tensor_read(struct import *im, const Onnx__Tensor *from, const char *name)
{
    int type = from->has_data_type ? from->data_type : 0, bytes = raw_bytes(type);
    int64_t count = bytes && from->n_dims <= AXES && !from->has_segment
        ? count_of((int)from->n_dims, from->dims) : -1;
    if (count < 0) {
        inv_error(im->errors, "%s: tensor '%s': %s", im->path, name,
                  bytes ? "its extents are negative, more than 8, or give over 536,870,911 elements"
                        : arena_printf(im->arena, "type %s is not read; export the model with "
                                       "float32 weights", onnx_type_name(im->arena, type)));
        return NULL;
    }
    uint64_t need = (uint64_t)count * (uint64_t)bytes;
    const unsigned char *raw = from->has_raw_data ? from->raw_data.data : NULL;
    if (from->data_location == ONNX_EXTERNAL) {
        raw = external(im, from, name, need);
        if (!raw)
            return NULL;
    } else if (from->has_raw_data ? from->raw_data.len != need
                                  : field_count(from) != (uint64_t)count) {
        inv_error(im->errors,
                  "%s: tensor '%s' has not as many elements as its shape says; export the "
                  "model again",
                  im->path, name);
        return NULL;
    }
    struct tensor *t = tensor_new(im, onnx_is_real(type) ? ONNX_FLOAT : type, (int)from->n_dims,
                                  from->dims);
    if (t && raw)
        read_raw(t, type, raw);
    else if (t)
        read_fields(t, from);
    for (int64_t i = 0; t && type == ONNX_UINT64 && i < t->count; i++)
        if (t->whole[i] < 0) {
            inv_error(im->errors, "%s: tensor '%s' has a number beyond 2^63, which is not read; "
                      "export the model with smaller ones", im->path, name);
            return NULL;
        }
    return t;
}
