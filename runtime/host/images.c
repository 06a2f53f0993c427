/* The file of an image becomes a field f32[height, width, channels] of values 0 to 255. */
#include "images.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "folder.h"

static int begins(const unsigned char *file, size_t size)
{
    return inv_png_begins(file, size) || inv_jpeg_begins(file, size);
}

static const struct inv_folder_kind kind = {
    "image", "PNG or JPEG", { ".png", ".jpg", ".jpeg" }, begins };

static uint32_t sample_of(const struct inv_picture *p, int64_t pixel, int channel)
{
    const unsigned char *at = p->sample + (pixel * p->channels + channel) * p->bytes;
    return p->bytes == 1 ? at[0] : (uint32_t)at[0] << 8 | at[1];
}

/* A pixel's red, green, blue and alpha. */
static void load_pixel(const struct inv_picture *p, int64_t pixel, uint32_t rgba[4])
{
    int colours = p->channels >= 3, alpha = p->channels % 2 == 0;
    for (int c = 0; c < 3; c++)
        rgba[c] = sample_of(p, pixel, colours ? c : 0);
    rgba[3] = alpha ? sample_of(p, pixel, p->channels - 1) : p->bytes == 1 ? 255 : 65535;
}

/* ITU-R BT.601 in 16 bits, rounded. */
static uint32_t luma(const uint32_t rgba[4])
{
    return (rgba[0] * 19595u + rgba[1] * 38470u + rgba[2] * 7471u + 32768u) >> 16;
}

/* 0 where the field has no place for what shines through. */
static int store_pixels(const struct inv_picture *p, int64_t channels, float *to)
{
    uint32_t rgba[4], full = p->bytes == 1 ? 255 : 65535;
    float scale = p->bytes == 1 ? 1.0f : 257.0f;
    for (int64_t pixel = 0; pixel < p->height * p->width; pixel++) {
        load_pixel(p, pixel, rgba);
        if (channels < 4 && rgba[3] != full)
            return 0;
        if (channels == 1 && p->channels >= 3)
            rgba[0] = luma(rgba);
        for (int64_t c = 0; c < channels; c++)
            *to++ = (float)rgba[c] / scale;
    }
    return 1;
}

static int decode(struct inv_picture *p, const unsigned char *bytes, size_t size)
{
    if (inv_png_begins(bytes, size))
        return inv_png_decode(p, bytes, size);
    if (inv_jpeg_begins(bytes, size))
        return inv_jpeg_decode(p, bytes, size);
    strcpy(p->wrong, "is neither PNG nor JPEG; convert it, or leave it out");
    return 0;
}

/* good: it was decoded. */
static int convert(const struct inv_picture *p, int good, const int64_t dim[3], const char *where,
                   const char *path, float *to, struct inv_errors *errors)
{
    if (!good && !*p->wrong)
        inv_error(errors, "%s%s: is an image of %lld x %lld pixels (height x width), but the field "
                  "is of %lld x %lld; bring all to one size first, as 'mogrify -resize %lldx%lld!' "
                  "of ImageMagick does, or change the field's shape", where, path,
                  (long long)p->height, (long long)p->width, (long long)dim[0], (long long)dim[1],
                  (long long)dim[1], (long long)dim[0]);
    else if (!good)
        inv_error(errors, "%s%s: %s", where, path, p->wrong);
    else if (!store_pixels(p, dim[2], to))
        inv_error(errors, "%s%s: some of its pixels are transparent, and the field has no channel "
                  "for that; give it four, or remove it, as 'mogrify -background white -alpha "
                  "remove -alpha off' of ImageMagick does", where, path);
    else
        return 1;
    return 0;
}

static int read_image(struct inv_named *file, const char *path, const struct inv_field *field,
                      const int64_t *dim, float *to, struct inv_errors *errors)
{
    struct inv_picture p = { .height = dim[0], .width = dim[1] };
    (void)field;
    if (!inv_folder_read(&kind, file, path, errors))
        return 0;
    int good = decode(&p, file->bytes, file->size);
    good = convert(&p, good, dim, file->where, path, to, errors);
    free(p.sample);
    return good;
}

static int list_images(const char *path, char **text, int again, struct inv_errors *errors)
{
    return inv_folder_list(&kind, path, text, again, errors);
}

const struct inv_reader inv_images = { list_images, read_image };
