/* Writes the images of this case: make FOLDER.  Their 13 rows of 19 pixels do not halve. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jpeglib.h>
#include <png.h>

enum { HEIGHT = 13, WIDTH = 19 };

static unsigned char byte_of(int y, int x, int c, int channels)
{
    if (channels % 2 == 0 && c == channels - 1)
        return (unsigned char)(x == 3 ? 100 : 255);
    return (unsigned char)(128 + 100 * ((x / 3 + y / 2 + c) % 2 ? 1 : -1) + (7 * x + 3 * y) % 20);
}

static FILE *create(const char *folder, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file)
        exit(1);
    return file;
}

static void set_palette(png_structp png, png_infop info, int transparent)
{
    static const png_color colours[4] = {{0, 0, 0}, {255, 0, 0}, {10, 200, 30}, {255, 255, 255}};
    static const png_byte alphas[2] = {255, 0};
    png_set_PLTE(png, info, colours, 4);
    if (transparent)
        png_set_tRNS(png, info, alphas, 2, NULL);
}

static void write_png(const char *folder, const char *name, int type, int depth, int interlaced,
                      int transparent)
{
    FILE *file = create(folder, name);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_byte row[HEIGHT][WIDTH * 8], *rows[HEIGHT];
    int channels = type == PNG_COLOR_TYPE_RGB ? 3 : type == PNG_COLOR_TYPE_RGBA ? 4
                   : type == PNG_COLOR_TYPE_GRAY_ALPHA ? 2 : 1;
    png_init_io(png, file);
    png_set_IHDR(png, info, WIDTH, HEIGHT, depth, type,
                 interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, 0, 0);
    if (type == PNG_COLOR_TYPE_PALETTE)
        set_palette(png, info, transparent);
    memset(row, 0, sizeof row);
    for (int y = 0; y < HEIGHT; y++) {
        rows[y] = row[y];
        for (int i = 0; i < WIDTH * channels; i++) {
            int x = i / channels, c = i % channels;
            unsigned char byte = byte_of(y, x, c, channels);
            if (depth == 16)
                row[y][2 * i] = byte, row[y][2 * i + 1] = byte == 255 ? 255 : (png_byte)(5 * x);
            else if (depth == 8)
                row[y][i] = (unsigned char)(type == PNG_COLOR_TYPE_PALETTE ? (x + y) % 4 : byte);
            else
                row[y][i * depth / 8] |= (png_byte)(((x + y) & ((1 << depth) - 1))
                                                    << (8 - depth - i * depth % 8));
        }
    }
    png_set_rows(png, info, rows);
    png_write_png(png, info, PNG_TRANSFORM_IDENTITY, NULL);
    png_destroy_write_struct(&png, &info);
    fclose(file);
}

static void write_jpeg(const char *folder, const char *name, J_COLOR_SPACE space, int channels,
                       int across, int down, int progressive)
{
    FILE *file = create(folder, name);
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file);
    jpeg.image_width = WIDTH;
    jpeg.image_height = HEIGHT;
    jpeg.input_components = channels;
    jpeg.in_color_space = space;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 85, TRUE);
    jpeg.comp_info[0].h_samp_factor = across;
    jpeg.comp_info[0].v_samp_factor = down;
    if (progressive)
        jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    for (int y = 0; y < HEIGHT; y++) {
        JSAMPLE row[WIDTH * 4], *rows = row;
        for (int i = 0; i < WIDTH * channels; i++)
            row[i] = byte_of(y, i / channels, i % channels, channels == 4 ? 5 : channels);
        jpeg_write_scanlines(&jpeg, &rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    fclose(file);
}

int main(int argc, char **argv)
{
    const char *to = argc > 1 ? argv[1] : ".";
    write_png(to, "bit.png", PNG_COLOR_TYPE_GRAY, 1, 0, 0);
    write_png(to, "gray.png", PNG_COLOR_TYPE_GRAY, 8, 0, 0);
    write_png(to, "gray16.png", PNG_COLOR_TYPE_GRAY, 16, 0, 0);
    write_png(to, "rgb.png", PNG_COLOR_TYPE_RGB, 8, 0, 0);
    write_png(to, "rgb16.png", PNG_COLOR_TYPE_RGB, 16, 0, 0);
    write_png(to, "laced.png", PNG_COLOR_TYPE_RGB, 8, 1, 0);
    write_png(to, "palette.png", PNG_COLOR_TYPE_PALETTE, 8, 0, 0);
    write_png(to, "clear.png", PNG_COLOR_TYPE_PALETTE, 8, 0, 1);
    write_png(to, "rgba.png", PNG_COLOR_TYPE_RGBA, 8, 0, 0);
    write_jpeg(to, "gray.jpg", JCS_GRAYSCALE, 1, 1, 1, 0);
    write_jpeg(to, "444.jpg", JCS_RGB, 3, 1, 1, 0);
    write_jpeg(to, "422.jpg", JCS_RGB, 3, 2, 1, 0);
    write_jpeg(to, "420.jpg", JCS_RGB, 3, 2, 2, 0);
    write_jpeg(to, "440.jpg", JCS_RGB, 3, 1, 2, 0);
    write_jpeg(to, "steps.jpg", JCS_RGB, 3, 2, 2, 1);
    write_jpeg(to, "print.jpg", JCS_CMYK, 4, 1, 1, 0);
    return 0;
}
