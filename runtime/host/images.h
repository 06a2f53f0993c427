/* Image files as fields: what only trainers link whose model reads images. */
#ifndef INV_HOST_IMAGES_H
#define INV_HOST_IMAGES_H
#include "invar.h"
#include "errors.h"

/* A decoded image; what its file announces is checked before memory is taken. */
struct inv_picture {
    int64_t height, width;              /* wanted; where they differ, those that were found */
    int channels;                       /* gray; gray, alpha; red, green, blue; and alpha */
    int bytes;                          /* of a sample: 1, or 2, the higher one first */
    unsigned char *sample;              /* row by row, channels within a pixel; the reader's to
                                         * free, also after an error */
    char wrong[128];                    /* with the file; "": its size is another */
};

/* 0 after an error, which `wrong` then tells. */
int inv_png_decode(struct inv_picture *, const unsigned char *file, size_t size);
int inv_jpeg_decode(struct inv_picture *, const unsigned char *file, size_t size);
/* Whether the file's first bytes are those of the format. */
int inv_png_begins(const unsigned char *file, size_t size);
int inv_jpeg_begins(const unsigned char *file, size_t size);

#endif
