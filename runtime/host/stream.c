#include "stream.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifndef INV_NO_ZLIB
#include <zlib.h>
#endif

enum { PIECE = 65536 };

static void fail(struct inv_stream *s, const char *what)
{
    inv_error(s->errors, "%s: %s", s->path, what);
    s->failed = 1;
}

/* Reads a piece of the file itself; its size, 0 at the end. */
static size_t read_piece(struct inv_stream *s)
{
    ssize_t got;
    do
        got = read(s->file, s->packed, PIECE);
    while (got < 0 && errno == EINTR);
    if (got < 0) {
        fail(s, strerror(errno));
        return 0;
    }
    inv_sha256_update(&s->sha, s->packed, (size_t)got);
    return (size_t)got;
}

#ifdef INV_NO_ZLIB
/* A trainer for a machine without zlib reads plain files only. */
static int start_gzip(struct inv_stream *s, size_t got)
{
    (void)got;
    fail(s, "is gzip data, which this trainer was built without; unpack it with gunzip");
    return 0;
}

static void inflate_piece(struct inv_stream *s)
{
    (void)s;
}

static void end_inflating(struct inv_stream *s)
{
    (void)s;
}
#else
static int start_gzip(struct inv_stream *s, size_t got)
{
    s->gzip = 1;
    s->plain = inv_allocate(PIECE);
    s->inflater = inv_allocate(sizeof *s->inflater);
    s->inflater->next_in = s->packed;
    s->inflater->avail_in = (uInt)got;
    if (inflateInit2(s->inflater, 16 + MAX_WBITS) == Z_OK)
        return 1;
    fail(s, "out of memory for gzip data");
    return 0;
}

/* Another gzip member may follow; anything else after the end is an error. */
static void end_member(struct inv_stream *s)
{
    if (s->inflater->avail_in == 0) {
        s->inflater->next_in = s->packed;
        s->inflater->avail_in = (uInt)read_piece(s);
    }
    if (s->inflater->avail_in == 0)
        s->ended = 1;
    else if (*s->inflater->next_in != 0x1f)
        fail(s, "bytes follow the gzip data; write the file again");
    else
        inflateReset(s->inflater);
}

static void inflate_piece(struct inv_stream *s)
{
    z_stream *z = s->inflater;
    z->next_out = s->plain;
    z->avail_out = PIECE;
    while (z->avail_out == PIECE && !s->ended && !s->failed) {
        if (z->avail_in == 0) {
            z->next_in = s->packed;
            z->avail_in = (uInt)read_piece(s);
        }
        if (z->avail_in == 0) {
            if (!s->failed)
                fail(s, "ends in the middle of its gzip data; it was cut short, get it again");
            return;
        }
        int status = inflate(z, Z_NO_FLUSH);
        if (status == Z_STREAM_END)
            end_member(s);
        else if (status != Z_OK && status != Z_BUF_ERROR)
            fail(s, "its gzip data is damaged; get the file again");
    }
    s->end = PIECE - z->avail_out;
}

static void end_inflating(struct inv_stream *s)
{
    if (s->inflater)
        inflateEnd(s->inflater);
    free(s->inflater);
}
#endif

int inv_stream_open(struct inv_stream *s, const char *path, struct inv_errors *errors)
{
    struct stat about;
    *s = (struct inv_stream){ .path = inv_copy_text(path), .errors = errors };
    inv_sha256_init(&s->sha);
    s->file = open(path, O_RDONLY | O_CLOEXEC);
    if (s->file < 0) {
        inv_error(errors, "%s: cannot read data: %s; give its folder with --data DIR", path,
                  strerror(errno));
        s->failed = 1;
        return 0;
    }
    if (fstat(s->file, &about) == 0 && S_ISDIR(about.st_mode)) {
        fail(s, "is a folder; a file of data is expected");
        return 0;
    }
    s->packed = s->plain = inv_allocate(PIECE);
    size_t got = read_piece(s);
    if (got >= 2 && s->packed[0] == 0x1f && s->packed[1] == 0x8b)
        return start_gzip(s, got);
    s->end = got;
    return !s->failed;
}

int inv_stream_fill(struct inv_stream *s)
{
    s->begin = s->end = 0;
    if (s->ended || s->failed)
        return 0;
    if (s->gzip)
        inflate_piece(s);
    else
        s->end = read_piece(s);
    if (s->end == 0)
        s->ended = 1;
    return s->end > 0;
}

size_t inv_stream_read(struct inv_stream *s, void *to, size_t bytes)
{
    size_t done = 0;
    while (done < bytes && (s->begin < s->end || inv_stream_fill(s))) {
        size_t part = s->end - s->begin;
        if (part > bytes - done)
            part = bytes - done;
        memcpy((unsigned char *)to + done, s->plain + s->begin, part);
        s->begin += part;
        done += part;
    }
    s->offset += (int64_t)done;
    return done;
}

void inv_stream_close(struct inv_stream *s, unsigned char digest[32])
{
    while (digest && !s->failed && read_piece(s) > 0)
        continue;
    if (digest)
        inv_sha256_final(&s->sha, digest);
    end_inflating(s);
    if (s->plain != s->packed)
        free(s->plain);
    free(s->packed);
    free(s->path);
    if (s->file >= 0)
        close(s->file);
    *s = (struct inv_stream){ .file = -1 };
}
