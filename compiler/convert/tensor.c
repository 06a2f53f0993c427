/* Numbers of ONNX files that are known. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
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

/* Bits of an element of raw data; 0: a type that is not read. */
static int raw_bits(int type)
{
    switch (type) {
    case ONNX_FLOAT: case ONNX_INT32: case ONNX_UINT32: return 32;
    case ONNX_INT64: case ONNX_UINT64: case ONNX_DOUBLE: return 64;
    case ONNX_UINT8: case ONNX_INT8: case ONNX_BOOL: case ONNX_FLOAT8E4M3FN:
    case ONNX_FLOAT8E4M3FNUZ: case ONNX_FLOAT8E5M2: case ONNX_FLOAT8E5M2FNUZ:
    case ONNX_FLOAT8E8M0: return 8;
    case ONNX_INT16: case ONNX_UINT16: case ONNX_FLOAT16: case ONNX_BFLOAT16: return 16;
    case ONNX_UINT4: case ONNX_INT4: case ONNX_FLOAT4E2M1: return 4;
    case ONNX_UINT2: case ONNX_INT2: return 2;
    default: return 0;
    }
}

/* Element i of packed ones, of which the first has the lowest bits. */
static uint64_t bits_at(const unsigned char *raw, int bits, int64_t i)
{
    uint64_t all = 0;
    if (bits < 8)
        return (uint64_t)(raw[i * bits / 8] >> i * bits % 8) & ((1u << bits) - 1);
    for (int k = 0; k < bits / 8; k++)
        all |= (uint64_t)raw[i * bits / 8 + k] << 8 * k;
    return all;
}

static int64_t whole_of(int type, uint64_t bits)
{
    int64_t half;
    switch (type) {
    case ONNX_INT32: return (int32_t)bits;
    case ONNX_INT16: return (int16_t)bits;
    case ONNX_INT8: return (int8_t)bits;
    case ONNX_INT4: case ONNX_INT2:
        half = 1 << (raw_bits(type) - 1);
        return (int64_t)bits < half ? (int64_t)bits : (int64_t)bits - 2 * half;
    default: return (int64_t)bits;
    }
}

const struct few_real *few_real(int type)
{
    static const struct few_real all[] = {
        {ONNX_FLOAT16, 5, 10, 15, 65504, true, false},
        {ONNX_BFLOAT16, 8, 7, 127, 0x1.fep127f, true, false},
        {ONNX_FLOAT8E4M3FN, 4, 3, 7, 448, false, false},
        {ONNX_FLOAT8E4M3FNUZ, 4, 3, 8, 240, false, true},
        {ONNX_FLOAT8E5M2, 5, 2, 15, 57344, true, false},
        {ONNX_FLOAT8E5M2FNUZ, 5, 2, 16, 57344, false, true},
        {ONNX_FLOAT4E2M1, 2, 1, 1, 6, false, false},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].type == type)
            return &all[i];
    return NULL;
}

/* A number of few bits as the nearest float, which is it. */
static float few_of(const struct few_real *few, uint64_t bits)
{
    int exponent = (int)(bits >> few->mantissa) & ((1 << few->exponent) - 1);
    int all = (1 << few->mantissa) - 1, fraction = (int)bits & all;
    bool minus = bits >> (few->exponent + few->mantissa) & 1;
    bool last = exponent == (1 << few->exponent) - 1, nan = few->infinite ? last && fraction
        : few->no_minus_zero ? minus && !exponent && !fraction
        : few->type == ONNX_FLOAT8E4M3FN && last && fraction == all;
    float size = ldexpf((float)(fraction + (exponent ? all + 1 : 0)),
                        (exponent ? exponent : 1) - few->bias - few->mantissa);
    size = nan ? NAN : few->infinite && last ? INFINITY : size;
    return minus ? -size : size;
}

/* Doubles, such as constants of a few operators, become the nearest float; halves are floats. */
static float real_of(int type, uint64_t bits)
{
    double wide;
    float real;
    uint32_t single = (uint32_t)bits;
    const struct few_real *few = few_real(type);
    if (type == ONNX_DOUBLE) {
        memcpy(&wide, &bits, sizeof wide);
        return (float)wide;
    }
    if (type == ONNX_FLOAT8E8M0)
        return bits == 255 ? NAN : ldexpf(1, (int)bits - 127);
    if (few)
        return few_of(few, bits);
    memcpy(&real, &single, sizeof real);
    return real;
}

static void read_raw(struct tensor *t, int type, const unsigned char *raw)
{
    for (int64_t i = 0; i < t->count; i++) {
        uint64_t bits = bits_at(raw, raw_bits(type), i);
        if (t->real)
            t->real[i] = real_of(type, bits);
        else
            t->whole[i] = whole_of(type, bits);
    }
}

bool onnx_is_real(int type)
{
    return type == ONNX_FLOAT || type == ONNX_DOUBLE || type == ONNX_FLOAT16 ||
           type == ONNX_BFLOAT16 || (type >= ONNX_FLOAT8E4M3FN && type <= ONNX_FLOAT8E5M2FNUZ) ||
           type == ONNX_FLOAT4E2M1 || type == ONNX_FLOAT8E8M0;
}

bool onnx_is_known(int type)
{
    bool outside = type == ONNX_STRING || type == ONNX_COMPLEX64 || type == ONNX_COMPLEX128;
    return type >= ONNX_FLOAT && type <= ONNX_INT2 && !outside;
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

/* Elements that share a number of the field: a byte's. */
static int field_share(int type)
{
    int bits = raw_bits(type);
    return bits && bits < 8 ? 8 / bits : 1;
}

static void read_fields(struct tensor *t, const Onnx__Tensor *from)
{
    int type = from->data_type, share = field_share(type), bits = raw_bits(type);
    for (int64_t i = 0; i < t->count; i++)
        switch (type) {
        case ONNX_FLOAT: t->real[i] = from->float_data[i]; break;
        case ONNX_DOUBLE: t->real[i] = (float)from->double_data[i]; break;
        case ONNX_INT64: t->whole[i] = from->int64_data[i]; break;
        case ONNX_UINT32: case ONNX_UINT64: t->whole[i] = (int64_t)from->uint64_data[i]; break;
        default: {
            uint64_t all = (uint64_t)from->int32_data[i / share] >> i % share * bits;
            uint64_t own = share > 1 ? all & ((1u << bits) - 1) : all;
            if (t->real)
                t->real[i] = real_of(type, own & (bits == 16 ? 0xffffu : 0xffu));
            else
                t->whole[i] = share > 1 ? whole_of(type, own) : from->int32_data[i];
        }
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
    int type = from->has_data_type ? from->data_type : 0, bits = raw_bits(type);
    int64_t count = bits && from->n_dims <= AXES && !from->has_segment
        ? count_of((int)from->n_dims, from->dims) : -1;
    if (count < 0) {
        inv_error(im->errors, "%s: tensor '%s': %s", im->path, name,
                  bits ? "its extents are negative, more than 8, or give over 536,870,911 elements"
                        : arena_printf(im->arena, "type %s is not read; export the model with "
                                       "float32 weights", onnx_type_name(im->arena, type)));
        return NULL;
    }
    uint64_t need = ((uint64_t)count * (uint64_t)bits + 7) / 8;
    uint64_t fields = (uint64_t)(count + field_share(type) - 1) / (uint64_t)field_share(type);
    const unsigned char *raw = from->has_raw_data ? from->raw_data.data : NULL;
    if (from->data_location == ONNX_EXTERNAL) {
        raw = external(im, from, name, need);
        if (!raw)
            return NULL;
    } else if (from->has_raw_data ? from->raw_data.len != need
                                  : field_count(from) != fields) {
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
