/* PNG (ISO/IEC 15948) by libpng: samples as they are, of palettes their colours, of fewer than 8
 * bits those of 8; colour profiles and gamma change nothing. */
#include <stdlib.h>
#include <string.h>
#include "images.h"
#if __has_include(<png.h>) && !defined(INV_NO_IMAGES)
#include <png.h>
#define WITH_PNG 1
#endif

int inv_png_begins(const unsigned char *file, size_t size)
{
    return size >= 8 && memcmp(file, "\x89PNG\r\n\x1a\n", 8) == 0;
}

#ifdef WITH_PNG
struct reader {
    struct inv_picture *picture;
    const unsigned char *at;
    size_t left;
    png_structp png;
    png_infop info;
    png_bytep *row;
};

static void fail(png_structp png, png_const_charp what)
{
    struct reader *r = png_get_error_ptr(png);
    snprintf(r->picture->wrong, sizeof r->picture->wrong, "is damaged (%.90s)", what);
    png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp what)
{
    (void)png, (void)what;
}

static void read_bytes(png_structp png, png_bytep to, size_t count)
{
    struct reader *r = png_get_io_ptr(png);
    if (count > r->left)
        png_error(png, "cut short");
    memcpy(to, r->at, count);
    r->at += count;
    r->left -= count;
}

/* 0 where the size is another. */
static int read_header(struct reader *r)
{
    struct inv_picture *p = r->picture;
    png_read_info(r->png, r->info);
    int64_t height = png_get_image_height(r->png, r->info);
    int64_t width = png_get_image_width(r->png, r->info);
    int same = height == p->height && width == p->width;
    p->height = height;
    p->width = width;
    png_set_expand(r->png);
    png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
    p->channels = png_get_channels(r->png, r->info);
    p->bytes = png_get_bit_depth(r->png, r->info) / 8;
    return same;
}

static void read_samples(struct reader *r)
{
    size_t line = png_get_rowbytes(r->png, r->info), lines = (size_t)r->picture->height;
    r->picture->sample = inv_allocate(line * lines);
    r->row = inv_allocate(lines * sizeof *r->row);
    for (size_t i = 0; i < lines; i++)
        r->row[i] = r->picture->sample + i * line;
    png_read_image(r->png, r->row);
    png_read_end(r->png, NULL);
}

static int run(struct reader *r)
{
    if (setjmp(png_jmpbuf(r->png)))
        return 0;
    png_set_crc_action(r->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_read_fn(r->png, r, read_bytes);
    if (!read_header(r))
        return 0;
    read_samples(r);
    return 1;
}

int inv_png_decode(struct inv_picture *p, const unsigned char *file, size_t size)
{
    struct reader r = { .picture = p, .at = file, .left = size };
    r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, fail, ignore);
    r.info = r.png ? png_create_info_struct(r.png) : NULL;
    int good = r.info && run(&r);
    if (!r.info)
        strcpy(p->wrong, "cannot be decoded: memory is out");
    png_destroy_read_struct(&r.png, &r.info, NULL);
    free(r.row);
    return good;
}
#else
int inv_png_decode(struct inv_picture *p, const unsigned char *file, size_t size)
{
    (void)file, (void)size;
    strcpy(p->wrong, "is PNG, and this trainer was built without libpng; install that (Debian: "
                     "libpng-dev) and build it again");
    return 0;
}
#endif
