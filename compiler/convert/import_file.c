/* Which importer a file is for. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "convert/import.h"

/* A zip file or HDF5, or JSON: none of them is a protocol buffer's beginning. */
static bool is_keras(const char *path)
{
    unsigned char start[64] = {0}, *at = start;
    struct stat info;
    FILE *file = stat(path, &info) == 0 && S_ISREG(info.st_mode) ? fopen(path, "rb") : NULL;
    size_t size = file ? fread(start, 1, sizeof start - 1, file) : 0;
    if (file)
        fclose(file);
    while (isspace(*at))
        at++;
    return size >= 4 && (!memcmp(start, "PK\3\4", 4) || !memcmp(start, "\x89HDF", 4) || *at == '{');
}

int import_file(const char *path, const struct import_request *request)
{
    return is_keras(path) ? import_keras(path, request) : import_onnx(path, request);
}
