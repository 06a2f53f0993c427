#include "png.h"
#include <stdlib.h>
#include <string.h>

enum { STORED_MAX = 65535 };

static const unsigned char signature[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };

static int is_png(const char *head, size_t size)
{
    return size >= sizeof signature && memcmp(head, signature, sizeof signature) == 0;
}

const struct inv_output_sign inv_png_sign = { "picture (PNG)", is_png };

static unsigned char *put_u32(unsigned char *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(value >> (24 - 8 * i));
    return to + 4;
}

/* The remainder of the bytes after those that gave `crc` (PNG, annex D; first 0). */
static uint32_t crc_update(uint32_t crc, const unsigned char *bytes, size_t count)
{
    crc = ~crc;
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1u ? 0xedb88320u : 0);
    }
    return ~crc;
}

/* Adler-32 (RFC 1950) */
static uint32_t adler(const unsigned char *bytes, size_t count)
{
    uint32_t low = 1, high = 0;
    for (size_t i = 0; i < count; i++) {
        low = (low + bytes[i]) % 65521;
        high = (high + low) % 65521;
    }
    return high << 16 | low;
}

/* length, type, data, CRC of type and data */
static void write_chunk(struct inv_output *out, const char *type, const unsigned char *data,
                        size_t length)
{
    unsigned char head[8], tail[4];
    memcpy(put_u32(head, (uint32_t)length), type, 4);
    put_u32(tail, crc_update(crc_update(0, head + 4, 4), data, length));
    inv_output_write(out, head, sizeof head);
    inv_output_write(out, data, length);
    inv_output_write(out, tail, sizeof tail);
}

/* zlib stream (RFC 1950) of stored blocks (RFC 1951, 3.2.4); its size goes to *size. */
static unsigned char *store(const unsigned char *bytes, size_t count, size_t *size)
{
    size_t blocks = count / STORED_MAX + 1;
    unsigned char *stream = inv_allocate(2 + blocks * 5 + count + 4), *to = stream;
    *to++ = 0x78;
    *to++ = 0x01;
    for (size_t at = 0, b = 0; b < blocks; b++) {
        size_t length = count - at < STORED_MAX ? count - at : STORED_MAX;
        *to++ = b + 1 == blocks;
        for (int half = 0; half < 2; half++) {
            size_t value = half ? ~length : length;
            *to++ = (unsigned char)value;
            *to++ = (unsigned char)(value >> 8);
        }
        memcpy(to, bytes + at, length);
        to += length;
        at += length;
    }
    to = put_u32(to, adler(bytes, count));
    *size = (size_t)(to - stream);
    return stream;
}

void inv_png_write(struct inv_output *out, const unsigned char *pixels, uint32_t width,
                   uint32_t height, int channels)
{
    size_t line = (size_t)width * (size_t)channels, size;
    unsigned char header[13], *to = put_u32(put_u32(header, width), height);
    *to++ = 8;                                              /* bits a sample */
    *to++ = channels == 1 ? 0 : channels == 3 ? 2 : 6;      /* colour type */
    memset(to, 0, 3);                                       /* deflate, adaptive, no interlace */
    unsigned char *filtered = inv_allocate((line + 1) * height);    /* filter 0: as it is */
    for (uint32_t y = 0; y < height; y++)
        memcpy(filtered + y * (line + 1) + 1, pixels + y * line, line);
    unsigned char *data = store(filtered, (line + 1) * height, &size);
    inv_output_write(out, signature, sizeof signature);
    write_chunk(out, "IHDR", header, sizeof header);
    write_chunk(out, "IDAT", data, size);
    write_chunk(out, "IEND", signature, 0);
    free(data);
    free(filtered);
}
