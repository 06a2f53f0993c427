/* Zip files in memory (APPNOTE.TXT 6.3.10): stored and deflated members, neither Zip64 nor
 * encryption. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "convert/foreign.h"

enum { END = 22, ENTRY = 46, LOCAL = 30, COMMENT = 65535 };
/* What a member may become, at most, and what all may: a hostile file of a few bytes could stand
 * for all memory. */
enum { TIMES = 1100 };
#define UNPACKED ((uint64_t)4 << 30)

static uint64_t number(const unsigned char *at, int bytes)
{
    uint64_t value = 0;
    for (int b = bytes - 1; b >= 0; b--)
        value = value << 8 | at[b];
    return value;
}

/* The record at the end of the directory, or NULL. */
static const unsigned char *find_end(const unsigned char *file, size_t size)
{
    for (size_t back = END; back <= size && back <= END + COMMENT; back++)
        if (number(file + size - back, 4) == 0x06054b50)
            return file + size - back;
    return NULL;
}

static bool inflate_all(const unsigned char *from, size_t packed, unsigned char *to, size_t plain)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)from, .avail_in = (uInt)packed, .next_out = to,
                  .avail_out = (uInt)plain};
    if (inflateInit2(&z, -15) != Z_OK)
        return false;
    int status = inflate(&z, Z_FINISH);
    bool good = status == Z_STREAM_END && z.avail_out == 0;
    inflateEnd(&z);
    return good;
}

static bool unpack(struct foreign *f, const unsigned char *from, size_t packed, int method,
                   struct member *m, uint32_t crc)
{
    unsigned char *plain = NULL;
    if (method == 8 && (m->size > UINT32_MAX / 2 || m->size / TIMES > packed))
        return foreign_fail(f, "member %s says that it is too large", m->name);
    if (method == 8) {
        plain = arena_alloc(f->arena, m->size + 1);
        if (!inflate_all(from, packed, plain, m->size))
            return foreign_fail(f, "member %s cannot be unpacked", m->name);
    } else if (method != 0 || packed != m->size) {
        return foreign_fail(f, "member %s is packed by method %d; stored and deflated ones can be "
                            "read", m->name, method);
    }
    m->data = plain ? plain : from;
    if ((uint32_t)crc32(crc32(0, NULL, 0), m->data, (uInt)m->size) != crc)
        return foreign_fail(f, "member %s is damaged: its check sum differs", m->name);
    return true;
}

static bool read_entry(struct foreign *f, const unsigned char *file, size_t size,
                       const unsigned char *entry, struct members *members)
{
    size_t length = number(entry + 28, 2), packed = number(entry + 20, 4);
    size_t start = number(entry + 42, 4);
    struct member m = {.name = arena_strndup(f->arena, (const char *)entry + ENTRY, length),
                       .size = number(entry + 24, 4)};
    if (strlen(m.name) != length)
        return foreign_fail(f, "member %s has a zero byte in its name", m.name);
    if (number(entry + 10, 2) == 8 && (members->unpacked += m.size) > UNPACKED)
        return foreign_fail(f, "is more than 4 GiB when it is unpacked, which cannot be read");
    if (number(entry + 8, 2) & 1)
        return foreign_fail(f, "member %s is encrypted", m.name);
    if (start + LOCAL > size || number(file + start, 4) != 0x04034b50)
        return foreign_fail(f, "member %s is not where the directory says", m.name);
    start += LOCAL + number(file + start + 26, 2) + number(file + start + 28, 2);
    if (start > size || packed > size - start)
        return foreign_fail(f, "member %s is cut short", m.name);
    if (!unpack(f, file + start, packed, (int)number(entry + 10, 2), &m,
                (uint32_t)number(entry + 16, 4)))
        return false;
    ARENA_PUSH(f->arena, members->member, members->count, members->room) = m;
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Two members of one name: which is meant, readers of zip files do not agree. */
static bool check_names(struct foreign *f, const struct members *members)
{
    const char **name = ARENA_ARRAY(f->arena, const char *, members->count + 1);
    for (int i = 0; i < members->count; i++)
        name[i] = members->member[i].name;
    qsort(name, (size_t)members->count, sizeof *name, by_name);
    for (int i = 1; i < members->count; i++)
        if (strcmp(name[i], name[i - 1]) == 0)
            return foreign_fail(f, "has two members %s; write it anew with one", name[i]);
    return true;
}

bool foreign_zip(struct foreign *f, const unsigned char *file, size_t size,
                 struct members *members)
{
    const unsigned char *end = find_end(file, size);
    if (!end)
        return foreign_fail(f, "is a zip file that is cut short");
    size_t count = number(end + 10, 2), at = number(end + 16, 4);
    if (at == UINT32_MAX)
        return foreign_fail(f, "is a zip file of more than 4 GiB, which cannot be read");
    for (size_t i = 0; i < count; i++) {
        if (at > size || size - at < ENTRY || number(file + at, 4) != 0x02014b50)
            return foreign_fail(f, "is a zip file whose directory is damaged");
        size_t whole = ENTRY + number(file + at + 28, 2) + number(file + at + 30, 2) +
                       number(file + at + 32, 2);
        if (whole > size - at)
            return foreign_fail(f, "is a zip file whose directory is damaged");
        if (!read_entry(f, file, size, file + at, members))
            return false;
        at += whole;
    }
    return check_names(f, members);
}
