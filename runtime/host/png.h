/* A picture as PNG (ISO/IEC 15948) with stored deflate blocks: the same bytes with every zlib. */
#ifndef INV_HOST_PNG_H
#define INV_HOST_PNG_H
#include "output.h"

/* pixels: height rows of width * channels bytes; channels 1 (grey), 3 (RGB) or 4 (RGBA). */
void inv_png_write(struct inv_output *, const unsigned char *pixels, uint32_t width,
                   uint32_t height, int channels);
extern const struct inv_output_sign inv_png_sign;

#endif
