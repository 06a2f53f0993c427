/* Files that appear whole or not at all: written beside their place under another name, synced,
 * then renamed.  A failure leaves the old file as it was. */
#ifndef INV_HOST_OUTPUT_H
#define INV_HOST_OUTPUT_H
#include "core/sha256.h"
#include "errors.h"

struct inv_output {
    char *path, *temporary;             /* temporary: NULL where path is no regular file */
    FILE *file;
    struct inv_errors *errors;
    struct inv_sha256 sha;
    int failed;
};

/* "-" is standard output; devices and pipes are written as they are. */
int inv_output_open(struct inv_output *, const char *path, struct inv_errors *);
/* 1 where path can be written to; nothing is, there. */
int inv_output_possible(const char *path, struct inv_errors *);
void inv_output_write(struct inv_output *, const void *, size_t);
void inv_output_print(struct inv_output *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* 1 where the file is in place; digest: 64 hex digits of what was written. */
int inv_output_close(struct inv_output *, char digest[65]);

#endif
