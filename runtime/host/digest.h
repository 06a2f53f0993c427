/* SHA-256 of a file. */
#ifndef INV_HOST_DIGEST_H
#define INV_HOST_DIGEST_H
#include "errors.h"

/* what: "weights".  0 after an error. */
int inv_digest_file(const char *path, const char *what, char digest[65], struct inv_errors *);

#endif
