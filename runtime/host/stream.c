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

enum { PIECE = 65536, MAGIC = 8 };      /* MAGIC: what tells formats comes in one piece */

static void fail(struct inv_stream *s, const char *what)
{
    inv_error(s->errors, "%s: %s", s->path, what);
    s->failed = 1;
}

/* Reads a piece of the file itself; its size, 0 at the end. */
static size_t read_piece(struct inv_stream *s)
{
    size_t most = s->sectioned && s->section.packed < PIECE ? (size_t)s->section.packed : PIECE;
    size_t got = 0;
    ssize_t more;
    do {
        more = read(s->file, s->packed + got, most - got);
        got += more > 0 ? (size_t)more : 0;
    } while ((more < 0 && errno == EINTR) || (more > 0 && got < MAGIC));
    if (more < 0) {
        fail(s, strerror(errno));
        return 0;
    }
    if (s->sectioned)
        s->section.packed -= (int64_t)got;
    else
        inv_sha256_update(&s->sha, s->packed, got);
    return got;
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

static int start_deflate(struct inv_stream *s)
{
    fail(s, "its data are packed, which this trainer was built without; save them with "
            "numpy.savez, not numpy.savez_compressed");
    return 0;
}

static void check_piece(struct inv_stream *s)
{
    (void)s;
}

static void end_inflating(struct inv_stream *s)
{
    (void)s;
}
#else
/* `window` as inflateInit2 takes it; `got` packed bytes are there already. */
static int start_inflating(struct inv_stream *s, size_t got, int window)
{
    s->plain = inv_allocate(PIECE);
    s->inflater = inv_allocate(sizeof *s->inflater);
    s->inflater->next_in = s->packed;
    s->inflater->avail_in = (uInt)got;
    if (inflateInit2(s->inflater, window) == Z_OK)
        return 1;
    fail(s, "out of memory for packed data");
    return 0;
}

static int start_gzip(struct inv_stream *s, size_t got)
{
    s->gzip = 1;
    return start_inflating(s, got, 16 + MAX_WBITS);
}

static int start_deflate(struct inv_stream *s)
{
    return start_inflating(s, 0, -MAX_WBITS);
}

/* A section's plain bytes as they come: their number and their check sum must be the archive's. */
static void check_piece(struct inv_stream *s)
{
    s->crc = (uint32_t)crc32(s->crc, s->plain, (uInt)s->end);
    s->section.plain -= (int64_t)s->end;
    if (s->failed || s->section.plain > 0)
        return;
    if (s->section.plain < 0 || (s->section.checked && s->crc != s->section.crc))
        fail(s, "a member of this archive is damaged (its check sum differs); get the file again");
}

/* Another gzip member may follow; anything else after the end is an error. */
static void end_member(struct inv_stream *s)
{
    if (s->inflater->avail_in == 0) {
        s->inflater->next_in = s->packed;
        s->inflater->avail_in = (uInt)read_piece(s);
    }
    if (s->inflater->avail_in == 0 || s->sectioned)
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
                fail(s, "ends in the middle of its packed data; it was cut short, get it again");
            return;
        }
        int status = inflate(z, Z_NO_FLUSH);
        if (status == Z_STREAM_END)
            end_member(s);
        else if (status != Z_OK && status != Z_BUF_ERROR)
            fail(s, "its packed data are damaged; get the file again");
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
    int standard = strcmp(path, "-") == 0;
    *s = (struct inv_stream){ .path = inv_copy_text(standard ? "standard input" : path),
                              .errors = errors };
    inv_sha256_init(&s->sha);
    s->file = standard ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (s->file < 0) {
        inv_error(errors, "%s: cannot read data: %s; give its folder or another file with "
                  "--data", path, strerror(errno));
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

void inv_stream_text(struct inv_stream *s, const char *path, char *text, struct inv_errors *errors)
{
    *s = (struct inv_stream){ .path = inv_copy_text(path), .errors = errors, .file = -1,
                              .ended = 1, .end = strlen(text) };
    s->packed = s->plain = (unsigned char *)text;
    inv_sha256_init(&s->sha);
    inv_sha256_update(&s->sha, text, s->end);
}

int inv_stream_section(struct inv_stream *s, const struct inv_section *section)
{
    if (s->gzip) {
        fail(s, "is gzip data; unpack it with gunzip, since members of an archive lie anywhere");
        return 0;
    }
    s->sectioned = 1;
    s->section = *section;
    s->begin = s->end = 0;
    s->offset = 0;
    if (lseek(s->file, (off_t)section->offset, SEEK_SET) < 0) {
        fail(s, strerror(errno));
        return 0;
    }
    return !section->deflated || start_deflate(s);
}

int inv_stream_fill(struct inv_stream *s)
{
    s->begin = s->end = 0;
    if (s->ended || s->failed)
        return 0;
    if (s->inflater)
        inflate_piece(s);
    else
        s->end = read_piece(s);
    if (s->sectioned)
        check_piece(s);
    if (s->end == 0 || s->failed)
        s->ended = 1;
    return s->end > 0 && !s->failed;
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

int inv_stream_begins(struct inv_stream *s, const char *bytes, size_t count)
{
    return inv_stream_peek(s) >= 0 && s->end - s->begin >= count
           && memcmp(s->plain + s->begin, bytes, count) == 0;
}

/* The hash is of the file, whatever part of it was read. */
static void begin_again(struct inv_stream *s)
{
    s->sectioned = 0;
    inv_sha256_init(&s->sha);
    if (lseek(s->file, 0, SEEK_SET) < 0)
        fail(s, strerror(errno));
}

void inv_stream_close(struct inv_stream *s, unsigned char digest[32])
{
    if (digest && s->sectioned && !s->failed)
        begin_again(s);
    while (digest && s->file >= 0 && !s->failed && read_piece(s) > 0)
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
