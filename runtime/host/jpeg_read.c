/* JPEG (ITU-T T.81) by libjpeg-turbo, by paths of which there is one result: the accurate integer
 * inverse DCT; halved colours are brought to full size by the triangle filter ("fancy") where they
 * are halved across or both ways, as in nearly all files, and else repeated, since versions differ
 * there; blocks are not smoothed.  What the library warns of is an error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "images.h"
#if __has_include(<jpeglib.h>) && !defined(INV_NO_IMAGES)
#include <setjmp.h>
#include <jpeglib.h>
#define WITH_JPEG 1
#endif

int inv_jpeg_begins(const unsigned char *file, size_t size)
{
    return size >= 3 && memcmp(file, "\xff\xd8\xff", 3) == 0;
}

#ifdef WITH_JPEG
struct reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    jmp_buf back;
    struct inv_picture *picture;
};

static void fail(j_common_ptr jpeg)
{
    struct reader *r = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    snprintf(r->picture->wrong, sizeof r->picture->wrong, "is damaged (%.90s)", text);
    longjmp(r->back, 1);
}

static void warn(j_common_ptr jpeg, int level)
{
    if (level < 0)
        fail(jpeg);
}

static void choose_paths(struct jpeg_decompress_struct *jpeg)
{
    const jpeg_component_info *c = jpeg->comp_info;
    int three = jpeg->num_components == 3;
    jpeg->out_color_space = three ? JCS_RGB : JCS_GRAYSCALE;
    jpeg->dct_method = JDCT_ISLOW;
    jpeg->do_block_smoothing = FALSE;
    jpeg->do_fancy_upsampling = three && c[0].h_samp_factor == 2 && c[0].v_samp_factor <= 2
                                && c[1].h_samp_factor == 1 && c[1].v_samp_factor == 1
                                && c[2].h_samp_factor == 1 && c[2].v_samp_factor == 1;
}

/* 0 where the size is another, or the colours are none that are read. */
static int read_header(struct reader *r)
{
    struct inv_picture *p = r->picture;
    jpeg_read_header(&r->jpeg, TRUE);
    int same = r->jpeg.image_height == p->height && r->jpeg.image_width == p->width;
    p->height = r->jpeg.image_height;
    p->width = r->jpeg.image_width;
    p->channels = r->jpeg.num_components;
    p->bytes = 1;
    if (same && p->channels != 1 && p->channels != 3)
        strcpy(p->wrong, "has colours for print (CMYK); save it as RGB");
    return same && !*p->wrong;
}

static void read_samples(struct reader *r)
{
    size_t line = (size_t)r->picture->width * (size_t)r->picture->channels;
    choose_paths(&r->jpeg);
    r->picture->sample = inv_allocate(line * (size_t)r->picture->height);
    jpeg_start_decompress(&r->jpeg);
    while (r->jpeg.output_scanline < r->jpeg.output_height) {
        JSAMPROW row = r->picture->sample + r->jpeg.output_scanline * line;
        jpeg_read_scanlines(&r->jpeg, &row, 1);
    }
    jpeg_finish_decompress(&r->jpeg);
}

static int run(struct reader *r, const unsigned char *file, size_t size)
{
    if (setjmp(r->back))
        return 0;
    jpeg_create_decompress(&r->jpeg);
    r->jpeg.client_data = r;
    jpeg_mem_src(&r->jpeg, file, (unsigned long)size);
    if (!read_header(r))
        return 0;
    read_samples(r);
    return 1;
}

int inv_jpeg_decode(struct inv_picture *p, const unsigned char *file, size_t size)
{
    struct reader r;
    memset(&r, 0, sizeof r);
    r.picture = p;
    r.jpeg.err = jpeg_std_error(&r.errors);
    r.jpeg.client_data = &r;
    r.errors.error_exit = fail;
    r.errors.emit_message = warn;
    int good = run(&r, file, size);
    jpeg_destroy_decompress(&r.jpeg);
    return good;
}
#else
int inv_jpeg_decode(struct inv_picture *p, const unsigned char *file, size_t size)
{
    (void)file, (void)size;
    strcpy(p->wrong, "is JPEG, and this trainer was built without libjpeg; install that (Debian: "
                     "libjpeg62-turbo-dev) and build it again");
    return 0;
}
#endif
