#include "digest.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

int inv_digest_rest(FILE *file, struct inv_sha256 *sha, char digest[65])
{
    unsigned char piece[65536], bytes[32];
    size_t got;
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        inv_sha256_update(sha, piece, got);
    inv_sha256_final(sha, bytes);
    inv_sha256_hex(bytes, digest);
    return !ferror(file);
}

void inv_digest_text(const void *text, size_t size, char digest[65])
{
    struct inv_sha256 sha;
    uint8_t bytes[32];
    inv_sha256_init(&sha);
    inv_sha256_update(&sha, text, size);
    inv_sha256_final(&sha, bytes);
    inv_sha256_hex(bytes, digest);
}

int inv_digest_differs(const char *path, const char digest[65])
{
    struct stat about;
    char there[65] = "";
    if (stat(path, &about) != 0 || !S_ISREG(about.st_mode))
        return 0;
    struct inv_errors silent = { .count = INV_ERROR_LIMIT };
    return !inv_digest_file(path, "it", there, &silent) || strcmp(there, digest) != 0;
}

int inv_digest_file(const char *path, const char *what, char digest[65], struct inv_errors *errors)
{
    struct inv_sha256 sha;
    FILE *file = fopen(path, "rb");
    inv_sha256_init(&sha);
    int good = file && inv_digest_rest(file, &sha, digest);
    if (!good)
        inv_error(errors, "%s: cannot read %s: %s", path, what, strerror(errno));
    if (file)
        fclose(file);
    return good;
}
