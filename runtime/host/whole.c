#include "whole.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "errors.h"

enum { PIECE = 1 << 16 };               /* bytes */

void *inv_whole_file(const char *path, size_t most, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *bytes = NULL;
    size_t room = 0, got = 1;
    *size = 0;
    while (file && got > 0 && *size <= most) {
        if (*size == room)
            bytes = inv_resize(bytes, room += room + PIECE);
        got = fread(bytes + *size, 1, room - *size, file);
        *size += got;
    }
    int wrong = !file || ferror(file) ? errno : *size > most ? EFBIG : 0;
    if (file)
        fclose(file);
    if (!wrong)
        return bytes;
    free(bytes);
    errno = wrong;
    return NULL;
}
