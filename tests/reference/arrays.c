/* IDX, NPY and raw files: arrays whose first axis is rows, into the raw variables. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "reference.h"

struct array {
    const struct variable *to;          /* NULL: the field reads no file */
    unsigned char *bytes;
    int64_t at, rows, cells;            /* at: of the first element */
    char kind;                          /* 'u', 'i', 'f', 'b' */
    int size;
    bool big;
};

static void idx_header(struct array *a, const char *path)
{
    static const struct { unsigned char code; char kind; int size; } known[] = {
        {0x08, 'u', 1}, {0x09, 'i', 1}, {0x0b, 'i', 2}, {0x0c, 'i', 4}, {0x0d, 'f', 4},
        {0x0e, 'f', 8}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].code == a->bytes[2]) {
            a->kind = known[i].kind;
            a->size = known[i].size;
        }
    if (a->size == 0)
        die("%s is no IDX file", path);
    a->big = true;
    a->at = 4 + 4 * a->bytes[3];
}

static void npy_header(struct array *a, const char *path)
{
    bool long_header = a->bytes[6] > 1;
    const char *descr = strstr((char *)a->bytes + (long_header ? 12 : 10), "'descr':");
    int64_t length = a->bytes[8] | a->bytes[9] << 8;
    descr = descr ? strchr(descr + 8, '\'') : NULL;
    if (memcmp(a->bytes, "\x93NUMPY", 6) != 0 || !descr)
        die("%s is no NPY file", path);
    length |= long_header ? a->bytes[10] << 16 | a->bytes[11] << 24 : 0;
    a->big = descr[1] == '>';
    a->kind = descr[2];
    a->size = descr[3] - '0';
    a->at = (long_header ? 12 : 10) + length;
}

static void open_array(struct array *a, const struct program *p, const struct field *f, int first,
                       const char *folder)
{
    int file = first;
    size_t size;
    while (file < p->file_count - 1 && strcmp(p->file[file].name, f->file) != 0)
        file++;
    char *path = path_in(folder, p->file[file].path);
    a->to = &p->variable[f->raw];
    a->bytes = (unsigned char *)read_file(path, &size);
    a->cells = shape_count(&a->to->shape, 1);
    a->kind = a->to->type == TYPE_F32 && strcmp(p->file[file].cells, "f32") == 0 ? 'f' : 'u';
    a->size = a->kind == 'f' ? 4 : 1;
    if (strcmp(p->data_kind, "idx") == 0)
        idx_header(a, path);
    else if (strcmp(p->data_kind, "npy") == 0)
        npy_header(a, path);
    a->rows = ((int64_t)size - a->at) / (a->cells * a->size);
    free(path);
}

static double element(const struct array *a, int64_t e)
{
    const unsigned char *from = a->bytes + a->at + e * a->size;
    uint64_t bits = 0;
    double wide;
    for (int i = 0; i < a->size; i++)
        bits |= (uint64_t)from[a->big ? a->size - 1 - i : i] << (8 * i);
    if (a->kind == 'f' && a->size == 4)
        return (double)float_of((uint32_t)bits);
    memcpy(&wide, &bits, sizeof wide);
    if (a->kind == 'f')
        return wide;
    if (a->size > 4)
        die("whole numbers of 64 bits are not read here");
    int shift = 64 - 8 * a->size;
    return a->kind == 'i' ? (double)((int64_t)(bits << shift) >> shift) : (double)bits;
}

static void put_row(const struct array *a, int64_t row)
{
    for (int64_t i = 0; i < a->cells; i++) {
        double value = element(a, row * a->cells + i);
        if (a->to->type == TYPE_F32)
            ((float *)a->to->data)[i] = (float)value;
        else
            ((int32_t *)a->to->data)[i] = (int32_t)value;
    }
}

void arrays_read(struct program *p, int first, const char *folder, void (*take)(void *state),
                 void *state)
{
    struct array *array = allocate(p->field_count, sizeof *array);
    int64_t rows = 0;
    for (int i = 0; i < p->field_count; i++) {
        if (p->field[i].raw < 0)
            continue;
        open_array(&array[i], p, &p->field[i], first, folder);
        rows = array[i].rows;
    }
    for (int64_t row = 0; row < rows; row++) {
        for (int i = 0; i < p->field_count; i++)
            if (array[i].to)
                put_row(&array[i], row);
        take(state);
    }
    for (int i = 0; i < p->field_count; i++)
        free(array[i].bytes);
    free(array);
}
