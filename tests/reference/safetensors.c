/* Weights: docs/numerics.md, section 6. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "reference.h"

static const char *const type_name[] = {"F32", "I32", "BOOL", "I64"};

struct saved {
    const struct variable **list;       /* by path */
    int count;
};

static int by_path(const void *a, const void *b)
{
    const struct variable *const *x = a, *const *y = b;
    return strcmp((*x)->path, (*y)->path);
}

static struct saved saved_of(const struct program *p)
{
    struct saved s = {0};
    for (int i = 0; i < p->variable_count; i++) {
        const struct variable *v = &p->variable[i];
        if (v->kind != KIND_PARAM && v->kind != KIND_BUFFER)
            continue;
        int at = append(&s.list, &s.count, sizeof *s.list);
        s.list[at] = v;
    }
    qsort(s.list, (size_t)s.count, sizeof *s.list, by_path);
    return s;
}

static int64_t saved_bytes(const struct variable *v)
{
    int64_t one = v->type == TYPE_BOOL ? 1 : type_bytes(v->type);
    return one * shape_count(&v->shape, 1);
}

static char *header_of(const struct saved *s)
{
    char *text = allocate(256 + s->count * 512, 1);
    size_t n = (size_t)sprintf(text, "{");
    int64_t begin = 0;
    for (int i = 0; i < s->count; i++) {
        const struct variable *v = s->list[i];
        n += (size_t)sprintf(text + n, "%s\"%.200s\":{\"dtype\":\"%s\",\"shape\":[",
                             i > 0 ? "," : "", v->path, type_name[v->type]);
        for (int d = 0; d < v->shape.rank; d++)
            n += (size_t)sprintf(text + n, d > 0 ? ",%lld" : "%lld", (long long)v->shape.dim[d]);
        n += (size_t)sprintf(text + n, "],\"data_offsets\":[%lld,%lld]}", (long long)begin,
                             (long long)(begin + saved_bytes(v)));
        begin += saved_bytes(v);
    }
    n += (size_t)sprintf(text + n, "}");
    while (n % 8 != 0)
        n += (size_t)sprintf(text + n, " ");
    return text;
}

static uint64_t element_bits(const struct variable *v, int64_t e)
{
    if (v->type == TYPE_I64)
        return (uint64_t)((const int64_t *)v->data)[e];
    if (v->type == TYPE_F32) {
        float x = ((const float *)v->data)[e];
        return isnan(x) ? 0x7fc00000 : bits_of(x);
    }
    return (uint32_t)((const int32_t *)v->data)[e];
}

static unsigned char *put(unsigned char *to, uint64_t value, int64_t bytes)
{
    for (int64_t i = 0; i < bytes; i++)
        *to++ = (unsigned char)(value >> (8 * i));
    return to;
}

static void report_hash(const unsigned char *bytes, size_t size, const char *path)
{
    unsigned char digest[32];
    sha256(bytes, size, digest);
    printf("sha256 ");
    for (int i = 0; i < 32; i++)
        printf("%02x", digest[i]);
    printf(" %s\n", path);
}

void weights_write(const struct program *p, const char *path)
{
    struct saved s = saved_of(p);
    char *header = header_of(&s);
    size_t length = strlen(header), size = 8 + length;
    for (int i = 0; i < s.count; i++)
        size += (size_t)saved_bytes(s.list[i]);
    unsigned char *bytes = allocate((int64_t)size, 1), *to = put(bytes, length, 8);
    memcpy(to, header, length);
    to += length;
    for (int i = 0; i < s.count; i++)
        for (int64_t e = 0; e < shape_count(&s.list[i]->shape, 1); e++)
            to = put(to, element_bits(s.list[i], e),
                     saved_bytes(s.list[i]) / shape_count(&s.list[i]->shape, 1));
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        die("cannot write %s", path);
    report_hash(bytes, size, path);
    free(bytes);
    free(header);
    free(s.list);
}

/* Where the variable's data begin, by its entry in the header. */
static int64_t find_offset(const char *header, const struct variable *v, const char *path)
{
    char *name = allocate((int64_t)strlen(v->path) + 8, 1);
    sprintf(name, "\"%s\"", v->path);
    const char *entry = strstr(header, name);
    const char *offsets = entry ? strstr(entry, "data_offsets") : NULL;
    const char *number = offsets ? strchr(offsets, '[') : NULL;
    if (!number)
        die("%s has no tensor %s", path, v->path);
    free(name);
    return strtoll(number + 1, NULL, 10);
}

static uint64_t get(const unsigned char *from, int64_t bytes)
{
    uint64_t value = 0;
    for (int64_t i = 0; i < bytes; i++)
        value |= (uint64_t)from[i] << (8 * i);
    return value;
}

void weights_read(struct program *p, const char *path)
{
    size_t size;
    struct saved s = saved_of(p);
    unsigned char *bytes = (unsigned char *)read_file(path, &size);
    uint64_t length = size >= 8 ? get(bytes, 8) : 0;
    if (length == 0 || length > size - 8)
        die("%s is no safetensors file", path);
    char *header = copy_text((char *)bytes + 8, length);
    for (int i = 0; i < s.count; i++) {
        const struct variable *v = s.list[i];
        int64_t one = v->type == TYPE_BOOL ? 1 : type_bytes(v->type);
        const unsigned char *from = bytes + 8 + length + find_offset(header, v, path);
        if (from + saved_bytes(v) > bytes + size)
            die("%s is cut short", path);
        for (int64_t e = 0; e < shape_count(&v->shape, 1); e++) {
            uint64_t value = get(from + e * one, one);
            uint32_t narrow = (uint32_t)value;
            memcpy((char *)v->data + e * type_bytes(v->type),
                   v->type == TYPE_I64 ? (void *)&value : (void *)&narrow,
                   (size_t)type_bytes(v->type));
        }
    }
    free(header);
    free(bytes);
    free(s.list);
}
