/* CIFAR-10 and CIFAR-100, the binary versions (https://www.cs.toronto.edu/~kriz/cifar.html):
 * records of one byte for the label, or two (coarse, fine), then the red, green and blue
 * planes of an
 * image of 32 x 32 pixels. */
#include <string.h>
#include "array.h"

enum { SIDE = 32, CHANNELS = 3, PIXELS = SIDE * SIDE };

int inv_cifar_header(struct inv_array *a, enum inv_source_kind kind, const char *member)
{
    int labels = kind == INV_CIFAR100 ? 2 : 1, image = strcmp(member, "image") == 0;
    a->element = INV_ELEMENT_U8;
    a->rank = image ? 3 : 0;
    a->dim[0] = a->dim[1] = SIDE;
    a->dim[2] = CHANNELS;
    a->rows = -1;
    a->record = labels + CHANNELS * PIXELS;
    a->first = image ? labels : strcmp(member, "fine") == 0;
    return 1;
}
