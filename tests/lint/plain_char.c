/* Bytes that are numbers. */
#include <stdint.h>

struct image { char pixel[64]; };

float faults(const char *bytes, const struct image *image)
{
    float x = bytes[0];                                 // found: plain-char
    x += (float)image->pixel[3] / 255;                  // found: plain-char
    double y = 2.0 * bytes[1];                          // found: plain-char
    return x + (float)y;
}

float harmless(const signed char *a, const uint8_t *b, const char *text)
{
    return (float)a[0] + b[1] + (float)(text[0] - '0') + 'x';
}
