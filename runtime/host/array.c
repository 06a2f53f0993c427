#include "array.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "safetensors.h"

int inv_element_bytes(enum inv_element element)
{
    static const int bytes[] = { 1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 1, 2, 2 }; /* as enumerated */
    return bytes[element];
}

static int raw_header(struct inv_array *a, const struct inv_file *file, int rank,
                      const int64_t *dim)
{
    a->element = file->kind == INV_TOKENS_U32 ? INV_ELEMENT_U32
                 : file->kind == INV_TOKENS_U16 ? INV_ELEMENT_U16
                 : file->kind == INV_FILE_RAW && file->dtype == INV_F32 ? INV_ELEMENT_F32
                                                                        : INV_ELEMENT_U8;
    a->rank = rank;
    memcpy(a->dim, dim, (size_t)rank * sizeof *dim);
    a->rows = -1;
    return 1;
}

static int npz_header(struct inv_array *a, const char *member)
{
    struct inv_section section;
    return inv_zip_find(a->stream, member, &section) &&
           inv_stream_section(a->stream, &section) && inv_npy_header(a);
}

static int safetensors_header(struct inv_array *a, const char *member)
{
    struct inv_tensor_place place;
    if (!inv_safetensors_find(a->stream->path, member, &place, a->stream->errors))
        return 0;
    a->element = place.element;
    a->rank = place.rank - 1;
    a->rows = place.dim[0];
    memcpy(a->dim, place.dim + 1, (size_t)a->rank * sizeof *a->dim);
    return inv_stream_section(a->stream, &place.section);
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

static int read_header(struct inv_array *a, const struct inv_file *file, int rank,
                       const int64_t *dim)
{
    switch (file->kind) {
    case INV_IDX: return inv_idx_header(a);
    case INV_NPY: return inv_npy_header(a);
    case INV_NPZ: return npz_header(a, file->member);
    case INV_SAFETENSORS: return safetensors_header(a, file->member);
    case INV_CIFAR10:
    case INV_CIFAR100: return inv_cifar_header(a, file->kind, file->member);
    default: return raw_header(a, file, rank, dim);
    }
}

/* Behind the header; 0 after an error. */
static int begin_rows(struct inv_array *a)
{
    a->row_cells = count_cells(a);
    a->start = a->stream->offset;
    if (a->row_cells == 0)
        inv_error(a->stream->errors, "%s: a row of this array has no cells or 2^31 and more",
                  a->stream->path);
    return a->row_cells > 0;
}

int inv_array_open(struct inv_array *a, const struct inv_file *file, const char *path,
                   int rank, const int64_t *dim, struct inv_errors *errors)
{
    *a = (struct inv_array){ .rows = -1, .stream = &a->own };
    if (!inv_stream_open(a->stream, path, errors))
        return 0;
    if (inv_stream_peek(a->stream) < 0) {
        if (!a->stream->failed)
            inv_error(errors, "%s: is empty; expected %s", path,
                      file->kind == INV_FILE_TEXT || file->kind == INV_FILE_LINES
                          ? "a text" : "an array of data");
        return 0;
    }
    return read_header(a, file, rank, dim) && begin_rows(a);
}

int inv_array_begin_npy(struct inv_array *a, struct inv_stream *stream)
{
    *a = (struct inv_array){ .rows = -1, .stream = stream };
    return inv_npy_header(a) && begin_rows(a);
}

void inv_array_read_characters(struct inv_array *a, const struct inv_names *names)
{
    a->characters = names;
    a->element = INV_ELEMENT_I32;
}

void inv_array_read_lines(struct inv_array *a, int64_t from, int64_t reach)
{
    a->line_from = from;
    a->line_reach = reach;
}

/* ---- elements ---- */

static uint64_t load_bits(const unsigned char *at, int bytes, int big_endian)
{
    uint64_t bits = 0;
    for (int i = 0; i < bytes; i++)
        bits |= (uint64_t)at[big_endian ? bytes - 1 - i : i] << (8 * i);
    return bits;
}

/* IEEE 754 binary16, exactly. */
static double load_half(uint64_t bits)
{
    int exponent = (int)(bits >> 10 & 31), fraction = (int)(bits & 1023);
    double size = exponent == 31  ? (fraction ? (double)NAN : (double)INFINITY)
                  : exponent == 0 ? fraction * 0x1p-24
                                  : (1024 + fraction) * 0x1p-25 * (double)(1u << exponent);
    return bits >> 15 & 1 ? -size : size;
}

static double load_double(enum inv_element element, uint64_t bits)
{
    double wide;
    float narrow;
    uint32_t low = (uint32_t)bits << (element == INV_ELEMENT_BF16 ? 16 : 0);
    if (element == INV_ELEMENT_F16)
        return load_half(bits);
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
    return element == INV_ELEMENT_F32 || element == INV_ELEMENT_F64 ||
           element == INV_ELEMENT_F16 || element == INV_ELEMENT_BF16;
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

int inv_element_f32(enum inv_element element, const unsigned char *at, float *to)
{
    return to_f32(element, load_bits(at, inv_element_bytes(element), 0), to);
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

/* Which of all elements of the file is cell `cell` (row-major) of the row at hand. */
static int64_t place_of(const struct inv_array *a, int64_t cell)
{
    if (!a->by_column)
        return a->row * a->row_cells + cell;
    int64_t stride = a->rows * a->row_cells, place = a->row;
    for (int i = a->rank - 1; i >= 0; i--) {
        stride /= a->dim[i];
        place += cell % a->dim[i] * stride;
        cell /= a->dim[i];
    }
    return place;
}

static void bad_cell(struct inv_array *a, int64_t cell, enum inv_dtype dtype)
{
    int64_t byte = a->start + place_of(a, cell) * inv_element_bytes(a->element);
    inv_error(a->stream->errors, "%s: row %lld, byte %lld: %s; correct the value or leave the row "
              "out", a->stream->path, (long long)a->row, (long long)byte,
              dtype == INV_F32 ? "not a finite number (NaN, infinite, or beyond f32)"
                               : "not a whole number of 32 bits");
}

static int decode_row(struct inv_array *a, enum inv_dtype dtype, void *to)
{
    int bytes = inv_element_bytes(a->element), bad = 0;
    for (int64_t i = 0; i < a->row_cells; i++) {
        uint64_t bits = load_bits(a->bytes + i * bytes, bytes, a->big_endian);
        int ok = dtype == INV_F32 ? to_f32(a->element, bits, (float *)to + i)
                                  : to_i32(a->element, bits, (int32_t *)to + i);
        if (!ok && !bad++)
            bad_cell(a, i, dtype);
    }
    return !bad;
}

static int cut_short(struct inv_array *a, size_t got, size_t wanted)
{
    if (!a->stream->failed)
        inv_error(a->stream->errors, "%s: row %lld, byte %lld: the file ends within the row (%zu "
                  "of %zu bytes); it was cut short or its shape is another", a->stream->path,
                  (long long)a->row, (long long)a->stream->offset - (long long)got, got, wanted);
    return 0;
}

enum { GROWTH = 1 << 20 };              /* bytes: a header's word is not believed further */

/* Fortran order: all elements into memory; 0 after an error. */
static int read_whole(struct inv_array *a)
{
    size_t width = (size_t)inv_element_bytes(a->element), done = 0, room = 0;
    if (a->rows > INT64_MAX / a->row_cells / (int64_t)width)
        return cut_short(a, 0, SIZE_MAX);
    size_t wanted = (size_t)(a->rows * a->row_cells) * width;
    while (done < wanted) {
        room = room * 2 > GROWTH ? room * 2 : GROWTH;
        room = room < wanted ? room : wanted;
        a->whole = inv_resize(a->whole, room);
        size_t got = inv_stream_read(a->stream, a->whole + done, room - done);
        done += got;
        if (done < room)
            return cut_short(a, done, wanted);
    }
    return 1;
}

/* A row's cells out of its record; 0 after an error. */
static int fetch_record(struct inv_array *a)
{
    size_t wanted = (size_t)a->record;
    int64_t channels = a->rank > 0 ? a->dim[a->rank - 1] : 1, plane = a->row_cells / channels;
    if (!a->whole)
        a->whole = inv_allocate(wanted);
    size_t got = inv_stream_read(a->stream, a->whole, wanted);
    if (got < wanted)
        return cut_short(a, got, wanted);
    for (int64_t i = 0; i < a->row_cells; i++)
        a->bytes[i] = a->whole[a->first + i % channels * plane + i / channels];
    return 1;
}

static void put_number(struct inv_array *a, int64_t cell, int number)
{
    for (int b = 0; b < 4; b++)
        a->bytes[cell * 4 + b] = (unsigned char)(number >> 8 * b);
}

/* The number of the next character: 1; 0 at the end, -1 after an error. */
static int next_number(struct inv_array *a, int *number)
{
    char text[INV_CHARACTER];
    int status = inv_character_next(a->stream, text);
    if (status > 0 && a->line_reach && inv_character_is_return(a->stream, text))
        status = inv_character_next(a->stream, text);
    if (status <= 0)
        return status;
    *number = inv_names_find(a->characters, text);
    if (*number >= 0)
        return 1;
    char *place = inv_text("%s: byte %lld", a->stream->path,
                           (long long)a->stream->offset - (long long)strlen(text));
    inv_character_number(a->characters, text, place, a->stream->errors);
    free(place);
    return -1;
}

/* The numbers of the next characters; 0 after an error. */
static int fetch_characters(struct inv_array *a)
{
    for (int64_t i = 0; i < a->row_cells; i++) {
        int number, status = next_number(a, &number);
        if (status <= 0)
            return status < 0 ? 0 : cut_short(a, 0, 1);
        put_number(a, i, number);
    }
    return 1;
}

/* The next line, of which there is one; 0 after an error. */
static int fetch_line(struct inv_array *a)
{
    int end = inv_names_find(a->characters, "\n"), number, status;
    int64_t place = 0;
    for (int64_t i = 0; i < a->row_cells; i++)
        put_number(a, i, end);
    for (; (status = next_number(a, &number)) > 0 && number != end; place++) {
        int64_t cell = place - a->line_from;
        if (place == a->line_reach) {
            inv_error(a->stream->errors, "%s: byte %lld: the line has more than the %lld "
                      "characters that fields take of it; let one take more, or shorten the line",
                      a->stream->path, (long long)a->stream->offset, (long long)a->line_reach);
            return 0;
        }
        if (cell >= 0 && cell < a->row_cells)
            put_number(a, cell, number);
    }
    return status >= 0;
}

/* The row at hand into a->bytes, its cells in row-major order; 0 after an error. */
static int fetch_row(struct inv_array *a)
{
    size_t width = (size_t)inv_element_bytes(a->element), wanted = (size_t)a->row_cells * width;
    if (!a->bytes)                      /* not before who opened it has seen that rows fit */
        a->bytes = inv_allocate(wanted);
    if (a->characters)
        return a->line_reach ? fetch_line(a) : fetch_characters(a);
    if (a->record)
        return fetch_record(a);
    if (!a->by_column) {
        size_t got = inv_stream_read(a->stream, a->bytes, wanted);
        return got == wanted || cut_short(a, got, wanted);
    }
    if (!a->whole && !read_whole(a))
        return 0;
    for (int64_t i = 0; i < a->row_cells; i++)
        memcpy(a->bytes + (size_t)i * width, a->whole + (size_t)place_of(a, i) * width, width);
    return 1;
}

/* 1: there is a row more, and it lies in a->bytes; 0: none; -1: an error was reported. */
static int read_row(struct inv_array *a)
{
    struct inv_stream *s = a->stream;
    while (a->line_reach && (inv_stream_peek(s) == '\n' || inv_stream_peek(s) == '\r'))
        inv_stream_next(s);
    int more = a->row == a->rows || a->rows < 0 ? inv_stream_peek(s) >= 0 : 1;
    if (a->row == a->rows && more) {
        inv_error(s->errors, "%s: byte %lld: data follow the %lld rows that the header announces; "
                  "get the file again", s->path, (long long)s->offset, (long long)a->rows);
        return -1;
    }
    if (!more)
        return s->failed ? -1 : 0;
    return fetch_row(a) ? 1 : -1;
}

int inv_array_next(struct inv_array *a, enum inv_dtype dtype, void *to)
{
    int status = read_row(a);
    if (status < 1)
        return status;
    int ok = decode_row(a, dtype, to);
    a->row++;
    return ok ? 1 : inv_errors_full(a->stream->errors) ? -1 : 1;
}

/* ---- as text ---- */

int inv_array_fetch(struct inv_array *a)
{
    int status = read_row(a);
    a->row += status == 1;
    return status;
}

/* The shortest text that gives the number back, and its f32 where that is another: a double is
 * rounded once, as in to_f32. */
static void print_number(char text[INV_ARRAY_TEXT], enum inv_element element, double value)
{
    int wide = element == INV_ELEMENT_F64, digits = wide ? 15 : 6;
    float narrow = (float)value;
    do
        snprintf(text, INV_ARRAY_TEXT, "%.*g", digits, value);
    while (wide ? strtod(text, NULL) != value && digits++ < 17
                : strtof(text, NULL) != narrow && digits++ < 9);
    if (isfinite(narrow) && strtof(text, NULL) != narrow)
        snprintf(text, INV_ARRAY_TEXT, "%.9g", (double)narrow);
}

void inv_array_text(const struct inv_array *a, int64_t cell, char text[INV_ARRAY_TEXT])
{
    int bytes = inv_element_bytes(a->element);
    uint64_t bits = load_bits(a->bytes + cell * bytes, bytes, a->big_endian);
    double value = is_float(a->element) ? load_double(a->element, bits) : 0;
    if (a->element == INV_ELEMENT_U64)
        snprintf(text, INV_ARRAY_TEXT, "%llu", (unsigned long long)bits);
    else if (!is_float(a->element))
        snprintf(text, INV_ARRAY_TEXT, "%lld", (long long)load_signed(a->element, bits));
    else if (isfinite(value))
        print_number(text, a->element, value);
    else
        snprintf(text, INV_ARRAY_TEXT, "%s", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
}

void inv_array_close(struct inv_array *a, unsigned char digest[32])
{
    if (a->stream == &a->own)
        inv_stream_close(a->stream, digest);
    free(a->bytes);
    free(a->whole);
    a->bytes = a->whole = NULL;
}
