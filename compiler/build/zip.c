#include "build/zip.h"
#include <string.h>
#include <zlib.h>

enum { MEMBERS = 65535 };

/* Little-endian numbers, two or four bytes each. */
static void put(struct text *text, uint64_t value, int bytes)
{
    for (int b = 0; b < bytes; b++) {
        char byte = (char)(value >> (8 * b) & 0xff);
        text_add(text, &byte, 1);
    }
}

static void write_out(struct zip *z, const void *data, size_t size)
{
    inv_output_write(z->out, data, size);
    z->written += size;
}

/* What the member's own header and its line in the directory have in common. */
static void put_member(struct text *text, const char *name, uint32_t crc, size_t size)
{
    put(text, 20, 2);                   /* version 2.0 of the format */
    put(text, 0x800, 2);                /* names are UTF-8 */
    put(text, 0, 2);                    /* stored */
    put(text, 0, 2);                    /* 0:00:00 */
    put(text, 0x21, 2);                 /* 1980-01-01 */
    put(text, crc, 4);
    put(text, size, 4);
    put(text, size, 4);
    put(text, strlen(name), 2);
    put(text, 0, 2);                    /* nothing extra */
}

static uint32_t crc_of(const unsigned char *data, size_t size)
{
    uLong crc = crc32(0, NULL, 0);
    for (size_t part; size > 0; data += part, size -= part) {
        part = size < (1u << 30) ? size : 1u << 30;
        crc = crc32(crc, data, (uInt)part);
    }
    return (uint32_t)crc;
}

void zip_add(struct zip *z, const char *name, const void *data, size_t size, bool executable)
{
    struct text header;
    uint32_t crc = crc_of(data, size);
    if (z->count++ == 0)
        text_init(&z->directory, z->arena);
    z->too_large |= z->count > MEMBERS || z->written + size > UINT32_MAX - MEMBERS;
    put(&z->directory, 0x02014b50, 4);
    put(&z->directory, 3 << 8 | 20, 2); /* made as on Unix */
    put_member(&z->directory, name, crc, size);
    put(&z->directory, 0, 2);           /* no comment */
    put(&z->directory, 0, 2);           /* the first disk */
    put(&z->directory, 0, 2);
    put(&z->directory, (uint64_t)(executable ? 0100755 : 0100644) << 16, 4);
    put(&z->directory, z->written, 4);
    text_puts(&z->directory, name);
    text_init(&header, z->arena);
    put(&header, 0x04034b50, 4);
    put_member(&header, name, crc, size);
    text_puts(&header, name);
    write_out(z, header.data, header.size);
    write_out(z, data, size);
}

bool zip_end(struct zip *z)
{
    struct text end;
    uint64_t start = z->written, size = z->count ? z->directory.size : 0;
    text_init(&end, z->arena);
    put(&end, 0x06054b50, 4);
    put(&end, 0, 4);                    /* one disk */
    put(&end, (uint64_t)z->count, 2);
    put(&end, (uint64_t)z->count, 2);
    put(&end, size, 4);
    put(&end, start, 4);
    put(&end, 0, 2);                    /* no comment */
    if (z->count)
        write_out(z, z->directory.data, z->directory.size);
    write_out(z, end.data, end.size);
    if (z->too_large)
        inv_error(z->out->errors, "%s: would be a zip file of more than 4 GiB, or 65,535 members",
                  z->out->name);
    return !z->too_large;
}
