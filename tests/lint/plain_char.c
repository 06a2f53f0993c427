/* Bytes that are numbers. */
#include <stdint.h>

struct image { char pixel[64]; };

float faults(const char *bytes, const struct image *image)
{
    float x = bytes[0];                                 // found: plain-char
    x += (float)image->pixel[3] / 255;                  // found: plain-char
    double y = 2.0 * bytes[1];                          // found: plain-char
    if (bytes[2] < 0 || bytes[3] == -1)                 // found: plain-char plain-char
        y += 256;
    return x + (float)y;
}

float harmless(const signed char *a, const uint8_t *b, const char *text)
{
    if (text[1] == 'a' || text[2] < ' ' || a[1] < 0 || b[0] > 127 || text[3] == 0)
        return 0;
    return (float)a[0] + b[1] + (float)(text[0] - '0') + 'x';
}
