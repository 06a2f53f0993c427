#include "array.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

int inv_element_bytes(enum inv_element element)
{
    static const int bytes[] = { 1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 1 }; /* as enumerated */
    return bytes[element];
}

static int raw_header(struct inv_array *a, const struct inv_file *file, int rank,
                      const int64_t *dim)
{
    a->element = file->dtype == INV_F32 ? INV_ELEMENT_F32 : INV_ELEMENT_U8;
    a->rank = rank;
    memcpy(a->dim, dim, (size_t)rank * sizeof *dim);
    a->rows = -1;
    return 1;
}

/* Cells of a row, or 0 where the product is beyond 2^31. */
static int64_t count_cells(const struct inv_array *a)
{
    int64_t cells = 1;
    for (int i = 0; i < a->rank; i++) {
        if (a->dim[i] > INT32_MAX / (cells ? cells : 1))
            return 0;
        cells *= a->dim[i];
    }
    return cells;
}

int inv_array_open(struct inv_array *a, const struct inv_file *file, const char *path,
                   int rank, const int64_t *dim, struct inv_errors *errors)
{
    *a = (struct inv_array){ .rows = -1 };
    if (!inv_stream_open(&a->stream, path, errors))
        return 0;
    if (inv_stream_peek(&a->stream) < 0) {
        if (!a->stream.failed)
            inv_error(errors, "%s: is empty; expected an array of data", path);
        return 0;
    }
    int ok = file->kind == INV_IDX   ? inv_idx_header(a)
             : file->kind == INV_NPY ? inv_npy_header(a)
                                     : raw_header(a, file, rank, dim);
    a->row_cells = ok ? count_cells(a) : 0;
    if (ok && a->row_cells == 0)
        inv_error(errors, "%s: a row of this array has no cells or 2^31 and more", path);
    if (a->row_cells > 0)
        a->bytes = inv_allocate((size_t)a->row_cells * (size_t)inv_element_bytes(a->element));
    return a->row_cells > 0;
}

/* ---- elements ---- */

static uint64_t load_bits(const unsigned char *at, int bytes, int big_endian)
{
    uint64_t bits = 0;
    for (int i = 0; i < bytes; i++)
        bits |= (uint64_t)at[big_endian ? bytes - 1 - i : i] << (8 * i);
    return bits;
}

static double load_double(enum inv_element element, uint64_t bits)
{
    double wide;
    float narrow;
    uint32_t low = (uint32_t)bits;
    if (element == INV_ELEMENT_F64) {
        memcpy(&wide, &bits, sizeof wide);
        return wide;
    }
    memcpy(&narrow, &low, sizeof narrow);
    return (double)narrow;
}

static int64_t load_signed(enum inv_element element, uint64_t bits)
{
    switch (element) {
    case INV_ELEMENT_I8: return (int8_t)bits;
    case INV_ELEMENT_I16: return (int16_t)bits;
    case INV_ELEMENT_I32: return (int32_t)bits;
    default: return (int64_t)bits;
    }
}

static int is_float(enum inv_element element)
{
    return element == INV_ELEMENT_F32 || element == INV_ELEMENT_F64;
}

/* 0 where the element has no finite f32. */
static int to_f32(enum inv_element element, uint64_t bits, float *to)
{
    if (is_float(element))
        *to = (float)load_double(element, bits);
    else if (element == INV_ELEMENT_U64)
        *to = (float)bits;
    else
        *to = (float)load_signed(element, bits);
    return isfinite(*to);
}

/* 0 where the element is no whole number of 32 bits. */
static int to_i32(enum inv_element element, uint64_t bits, int32_t *to)
{
    int64_t whole;
    if (is_float(element)) {
        double value = load_double(element, bits);
        if (!(value >= INT32_MIN && value <= INT32_MAX))
            return 0;
        whole = (int64_t)value;
        if ((double)whole != value)
            return 0;
    } else {
        whole = load_signed(element, bits);
        if (element == INV_ELEMENT_U64 && whole < 0)
            return 0;
    }
    *to = (int32_t)whole;
    return whole >= INT32_MIN && whole <= INT32_MAX;
}

static void bad_cell(struct inv_array *a, int64_t cell, int64_t start, enum inv_dtype dtype)
{
    int bytes = inv_element_bytes(a->element);
    inv_error(a->stream.errors, "%s: row %lld, byte %lld: %s; correct the value or leave the row "
              "out", a->stream.path, (long long)a->row, (long long)(start + cell * bytes),
              dtype == INV_F32 ? "not a finite number (NaN, infinite, or beyond f32)"
                               : "not a whole number of 32 bits");
}

static int decode_row(struct inv_array *a, enum inv_dtype dtype, void *to, int64_t start)
{
    int bytes = inv_element_bytes(a->element), bad = 0;
    for (int64_t i = 0; i < a->row_cells; i++) {
        uint64_t bits = load_bits(a->bytes + i * bytes, bytes, a->big_endian);
        int ok = dtype == INV_F32 ? to_f32(a->element, bits, (float *)to + i)
                                  : to_i32(a->element, bits, (int32_t *)to + i);
        if (!ok && !bad++)
            bad_cell(a, i, start, dtype);
    }
    return !bad;
}

int inv_array_next(struct inv_array *a, enum inv_dtype dtype, void *to)
{
    struct inv_stream *s = &a->stream;
    int64_t start = s->offset;
    int more = inv_stream_peek(s) >= 0;
    if (a->row == a->rows && more) {
        inv_error(s->errors, "%s: byte %lld: data follow the %lld rows that the header announces; "
                  "get the file again", s->path, (long long)start, (long long)a->rows);
        return -1;
    }
    if (a->row == a->rows || (a->rows < 0 && !more))
        return s->failed ? -1 : 0;
    size_t wanted = (size_t)a->row_cells * (size_t)inv_element_bytes(a->element);
    size_t got = inv_stream_read(s, a->bytes, wanted);
    if (got < wanted) {
        if (!s->failed)
            inv_error(s->errors, "%s: row %lld, byte %lld: the file ends within the row (%zu of "
                      "%zu bytes); it was cut short or its shape is another", s->path,
                      (long long)a->row, (long long)start, got, wanted);
        return -1;
    }
    int ok = decode_row(a, dtype, to, start);
    a->row++;
    return ok ? 1 : inv_errors_full(s->errors) ? -1 : 1;
}

void inv_array_close(struct inv_array *a, unsigned char digest[32])
{
    inv_stream_close(&a->stream, digest);
    free(a->bytes);
    a->bytes = NULL;
}
