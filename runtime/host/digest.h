/* SHA-256 as hexadecimal digits, of a file and of what lies in memory. */
#ifndef INV_HOST_DIGEST_H
#define INV_HOST_DIGEST_H
#include "core/sha256.h"
#include "errors.h"

/* what: "weights".  0 after an error. */
int inv_digest_file(const char *path, const char *what, char digest[65], struct inv_errors *);
void inv_digest_text(const void *, size_t, char digest[65]);
/* Whether there is a file of that name, and its digest is another. */
int inv_digest_differs(const char *path, const char digest[65]);
/* Of what went into it and what is left of the file; 0 where that cannot be read. */
int inv_digest_rest(FILE *, struct inv_sha256 *, char digest[65]);

#endif
