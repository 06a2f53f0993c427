/* Makes NPZ files (zip files of NPY arrays), in the ways that the format allows. */
#ifndef TEST_MAKE_ZIP_H
#define TEST_MAKE_ZIP_H
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

struct bytes { unsigned char at[4096]; size_t count; };

static inline void put(struct bytes *b, uint64_t value, int width)
{
    for (int i = 0; i < width; i++)
        b->at[b->count++] = (unsigned char)(value >> (8 * i));
}

static inline void put_bytes(struct bytes *b, const void *from, size_t count)
{
    memcpy(b->at + b->count, from, count);
    b->count += count;
}

enum { DEFLATED = 1, ZIP64 = 2, LONG_LOCAL = 4, COMMENT = 8, ENCRYPTED = 16, WRONG_SUM = 32 };

/* Raw deflate data, as zip holds them. */
static inline struct bytes deflated(const struct bytes *plain)
{
    struct bytes packed = { .count = 0 };
    z_stream z = { .next_in = (unsigned char *)plain->at, .avail_in = (uInt)plain->count,
                   .next_out = packed.at, .avail_out = sizeof packed.at };
    if (deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
        deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    packed.count = z.total_out;
    deflateEnd(&z);
    return packed;
}

/* The member's local header and data go to `zip`, its entry of the directory to `list`. */
static inline void add_member(struct bytes *zip, struct bytes *list, const char *name,
                       const struct bytes *plain, int how)
{
    struct bytes data = how & DEFLATED ? deflated(plain) : *plain;
    uint64_t at = zip->count, wide = how & ZIP64 ? 0xffffffff : 0;
    uint32_t sum = (uint32_t)crc32(0, plain->at, (uInt)plain->count) + (how & WRONG_SUM ? 1 : 0);
    put(zip, 0x04034b50, 4);
    put(zip, 20, 2), put(zip, 0, 2), put(zip, how & DEFLATED ? 8 : 0, 2), put(zip, 0, 4);
    put(zip, sum, 4), put(zip, data.count, 4), put(zip, plain->count, 4);
    put(zip, strlen(name), 2), put(zip, how & LONG_LOCAL ? 7 : 0, 2);
    put_bytes(zip, name, strlen(name));
    put_bytes(zip, "1234567", how & LONG_LOCAL ? 7 : 0);
    put_bytes(zip, data.at, data.count);
    put(list, 0x02014b50, 4), put(list, 20, 2), put(list, 20, 2);
    put(list, how & ENCRYPTED ? 1 : 0, 2), put(list, how & DEFLATED ? 8 : 0, 2), put(list, 0, 4);
    put(list, sum, 4), put(list, wide ? wide : data.count, 4);
    put(list, wide ? wide : plain->count, 4), put(list, strlen(name), 2);
    put(list, wide ? 28 : 0, 2), put(list, 0, 2), put(list, 0, 2), put(list, 0, 2);
    put(list, 0, 4), put(list, wide ? wide : at, 4);
    put_bytes(list, name, strlen(name));
    if (wide)
        put(list, 1, 2), put(list, 24, 2), put(list, plain->count, 8), put(list, data.count, 8),
            put(list, at, 8);
}

static inline void end_zip(struct bytes *zip, const struct bytes *list, int count, int how)
{
    uint64_t at = zip->count, wide = how & ZIP64 ? 0xffffffff : 0;
    put_bytes(zip, list->at, list->count);
    uint64_t end = zip->count;
    if (wide) {
        put(zip, 0x06064b50, 4), put(zip, 44, 8), put(zip, 45, 2), put(zip, 45, 2);
        put(zip, 0, 8), put(zip, (uint64_t)count, 8), put(zip, (uint64_t)count, 8);
        put(zip, list->count, 8), put(zip, at, 8);
        put(zip, 0x07064b50, 4), put(zip, 0, 4), put(zip, end, 8), put(zip, 1, 4);
    }
    put(zip, 0x06054b50, 4), put(zip, 0, 4), put(zip, wide & 0xffff ? 0xffff : (uint64_t)count, 2);
    put(zip, wide & 0xffff ? 0xffff : (uint64_t)count, 2), put(zip, wide ? wide : list->count, 4);
    put(zip, wide ? wide : at, 4), put(zip, how & COMMENT ? 5 : 0, 2);
    put_bytes(zip, "hello", how & COMMENT ? 5 : 0);
}

static inline struct bytes npy(const unsigned char *value, size_t count)
{
    struct bytes b = { .count = 0 };
    char text[128];
    int length = snprintf(text, sizeof text, "{'descr': '|u1', 'fortran_order': False, 'shape': "
                          "(%zu,)}\n", count);
    put_bytes(&b, "\x93NUMPY\1\0", 8);
    put(&b, (uint64_t)length, 2);
    put_bytes(&b, text, (size_t)length);
    put_bytes(&b, value, count);
    return b;
}

#endif
