/* Reading a data file from front to back: plain or gzip (told by its magic bytes), in 64 KiB
 * pieces, with the SHA-256 of the bytes as they lie on disk. */
#ifndef INV_HOST_STREAM_H
#define INV_HOST_STREAM_H
#include <stdint.h>
#include "core/sha256.h"
#include "errors.h"

/* A part of a file: a member of an archive. */
struct inv_section {
    int64_t offset, packed, plain;      /* where in the file; bytes there, and once inflated */
    int deflated;                       /* raw deflate data */
    int checked;                        /* crc is that of the plain bytes (CRC-32 as in zip) */
    uint32_t crc;
};

struct inv_stream {
    char *path;
    struct inv_errors *errors;
    int file, gzip, ended, failed;
    struct z_stream_s *inflater;
    unsigned char *packed, *plain;      /* plain is packed where the file is not gzip */
    size_t begin, end;                  /* unread bytes of plain */
    int64_t offset;                     /* bytes handed out so far */
    struct inv_sha256 sha;
    int sectioned;                      /* only the section is read, and hashed is the whole file */
    struct inv_section section;         /* packed, plain: bytes still to come */
    uint32_t crc;                       /* of the section's plain bytes so far */
};

/* "-" is standard input.  0 where the file cannot be read; the error has been reported. */
int inv_stream_open(struct inv_stream *, const char *path, struct inv_errors *);
/* The text, which is freed with the stream, as if it were the file's; path names it. */
void inv_stream_text(struct inv_stream *, const char *path, char *text, struct inv_errors *);
/* From now on the stream is that part of the file, which must be no gzip file itself. */
int inv_stream_section(struct inv_stream *, const struct inv_section *);
/* Makes begin < end; 0 at the end of the data or after an error (failed). */
int inv_stream_fill(struct inv_stream *);
/* Up to `bytes`; fewer only at the end. */
size_t inv_stream_read(struct inv_stream *, void *to, size_t bytes);
/* Whether these bytes come next, at most 8 of them at the start of a file; they stay. */
int inv_stream_begins(struct inv_stream *, const char *bytes, size_t count);
/* Reads on to the end of the file for its hash (digest may be NULL: then it does not). */
void inv_stream_close(struct inv_stream *, unsigned char digest[32]);

/* The next byte, or -1. */
static inline int inv_stream_next(struct inv_stream *s)
{
    if (s->begin == s->end && !inv_stream_fill(s))
        return -1;
    s->offset++;
    return s->plain[s->begin++];
}

/* The byte that comes next, or -1; it stays. */
static inline int inv_stream_peek(struct inv_stream *s)
{
    if (s->begin == s->end && !inv_stream_fill(s))
        return -1;
    return s->plain[s->begin];
}

#endif
