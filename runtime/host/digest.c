#include "digest.h"
#include <errno.h>
#include <string.h>
#include "core/sha256.h"

int inv_digest_file(const char *path, const char *what, char digest[65], struct inv_errors *errors)
{
    unsigned char piece[65536], bytes[32];
    struct inv_sha256 sha;
    size_t got;
    FILE *file = fopen(path, "rb");
    inv_sha256_init(&sha);
    while (file && (got = fread(piece, 1, sizeof piece, file)) > 0)
        inv_sha256_update(&sha, piece, got);
    int good = file && !ferror(file);
    if (!good)
        inv_error(errors, "%s: cannot read %s: %s", path, what, strerror(errno));
    if (file)
        fclose(file);
    inv_sha256_final(&sha, bytes);
    inv_sha256_hex(bytes, digest);
    return good;
}
