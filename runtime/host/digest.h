/* SHA-256 of a file. */
#ifndef INV_HOST_DIGEST_H
#define INV_HOST_DIGEST_H
#include "core/sha256.h"
#include "errors.h"

/* what: "weights".  0 after an error. */
int inv_digest_file(const char *path, const char *what, char digest[65], struct inv_errors *);
/* Of what went into it and what is left of the file; 0 where that cannot be read. */
int inv_digest_rest(FILE *, struct inv_sha256 *, char digest[65]);

#endif
