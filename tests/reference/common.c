/* Memory, files, bits. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "reference.h"

void die(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fputs("reference: ", stderr);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    exit(1);
}

void *allocate(int64_t count, size_t size)
{
    void *memory = calloc(count > 0 ? (size_t)count : 1, size);
    if (!memory)
        die("out of memory");
    return memory;
}

int append(void *array, int *count, size_t size)
{
    char **base = array;
    if ((*count & (*count - 1)) == 0) {
        *base = realloc(*base, size * (*count ? (size_t)*count * 2 : 1));
        if (!*base)
            die("out of memory");
    }
    memset(*base + (size_t)*count * size, 0, size);
    return (*count)++;
}

char *copy_text(const char *text, size_t size)
{
    char *copy = allocate((int64_t)size + 1, 1);
    memcpy(copy, text, size);
    return copy;
}

char *path_in(const char *folder, const char *path)
{
    char *whole = allocate((int64_t)(strlen(folder) + strlen(path)) + 2, 1);
    if (*path == '/')
        strcpy(whole, path);
    else
        sprintf(whole, "%s/%s", folder, path);
    return whole;
}

char *read_file(const char *path, size_t *size)
{
    gzFile file = gzopen(path, "rb");
    char *text = NULL;
    int got = 1;
    size_t used = 0, room = 0;
    if (!file)
        die("cannot read %s", path);
    while (got > 0) {
        if (used + 65536 > room) {
            room = room * 2 + 131072;
            text = realloc(text, room + 1);
            if (!text)
                die("out of memory");
        }
        got = gzread(file, text + used, 65536);
        used += got > 0 ? (size_t)got : 0;
    }
    if (got < 0 || gzclose(file) != Z_OK)
        die("%s is damaged", path);
    text[used] = '\0';
    *size = used;
    return text;
}

int64_t type_bytes(enum type type)
{
    return type == TYPE_I64 ? 8 : 4;
}

uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
