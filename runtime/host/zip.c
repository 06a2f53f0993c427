/* Zip files such as numpy.savez writes: the central directory at the end lists the members. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "array.h"
#include "suggest.h"

enum {
    END = 22, END64 = 56, LOCATOR = 20, ENTRY = 46, LOCAL = 30, /* bytes of the records */
    COMMENT_MAX = 65535, DIRECTORY_MAX = 64 << 20
};

struct zip {
    struct inv_stream *stream;
    int64_t bytes;                      /* of the file */
    unsigned char *directory;
    int64_t directory_bytes, count;
    const char **name;                  /* of all members, in new memory */
};

static uint64_t whole(const unsigned char *at, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

static int fail(struct zip *z, const char *what)
{
    inv_error(z->stream->errors, "%s: %s", z->stream->path, what);
    return 0;
}

static int damaged(struct zip *z)
{
    return fail(z, "its list of members is damaged or cut short; get the file again");
}

static int read_at(const struct zip *z, int64_t offset, void *to, int64_t bytes)
{
    return offset >= 0 && bytes >= 0 && bytes <= z->bytes && offset <= z->bytes - bytes &&
           pread(z->stream->file, to, (size_t)bytes, (off_t)offset) == (ssize_t)bytes;
}

/* The directory's offset from a Zip64 end record, where the usual one has no room for it. */
static int64_t read_end64(struct zip *z, int64_t end)
{
    unsigned char locator[LOCATOR], record[END64];
    if (!read_at(z, end - LOCATOR, locator, LOCATOR) || whole(locator, 4) != 0x07064b50 ||
        !read_at(z, (int64_t)whole(locator + 8, 8), record, END64) ||
        whole(record, 4) != 0x06064b50)
        return -1;
    z->count = (int64_t)whole(record + 32, 8);
    z->directory_bytes = (int64_t)whole(record + 40, 8);
    return (int64_t)whole(record + 48, 8);
}

/* Finds the end record, which a comment may follow, and reads the directory. */
static int read_directory(struct zip *z)
{
    int64_t tail_bytes = z->bytes < END + COMMENT_MAX ? z->bytes : END + COMMENT_MAX;
    unsigned char *tail = inv_allocate((size_t)tail_bytes + 1);
    int64_t end = read_at(z, z->bytes - tail_bytes, tail, tail_bytes) ? tail_bytes - END : -1;
    while (end >= 0 && whole(tail + end, 4) != 0x06054b50)
        end--;
    int64_t offset = -1;
    if (end >= 0) {
        z->count = (int64_t)whole(tail + end + 10, 2);
        z->directory_bytes = (int64_t)whole(tail + end + 12, 4);
        offset = (int64_t)whole(tail + end + 16, 4);
    }
    free(tail);
    if (end < 0)
        return fail(z, "is no NPZ (zip) file, or was cut short; check the path");
    if (z->count == 0xffff || offset == 0xffffffff || z->directory_bytes == 0xffffffff)
        offset = read_end64(z, z->bytes - tail_bytes + end);
    if (offset < 0 || z->directory_bytes < 0 || z->directory_bytes > DIRECTORY_MAX ||
        z->count < 0 || z->count > z->directory_bytes / ENTRY)
        return damaged(z);
    z->directory = inv_allocate((size_t)z->directory_bytes + 1);
    return read_at(z, offset, z->directory, z->directory_bytes) || damaged(z);
}

/* Sizes and offsets of 2^32 - 1 stand in the extra field instead, in this order. */
static void take_extra64(const unsigned char *extra, int64_t bytes, int64_t *const value[3])
{
    for (int64_t at = 0; at + 4 <= bytes;) {
        int64_t size = (int64_t)whole(extra + at + 2, 2), field = at + 4;
        int64_t end = field + size < bytes ? field + size : bytes;
        for (int i = 0; i < 3 && whole(extra + at, 2) == 1; i++)
            if (*value[i] == 0xffffffff && field + 8 <= end) {
                *value[i] = (int64_t)whole(extra + field, 8);
                field += 8;
            }
        at += 4 + size;
    }
}

/* Where the data of a directory's entry lie: behind its local header, whose own names and extra
 * fields may be longer. */
static int locate(struct zip *z, const unsigned char *entry, struct inv_section *section)
{
    unsigned char local[LOCAL];
    int64_t offset = (int64_t)whole(entry + 42, 4);
    int method = (int)whole(entry + 10, 2);
    *section = (struct inv_section){ .packed = (int64_t)whole(entry + 20, 4),
        .plain = (int64_t)whole(entry + 24, 4), .deflated = method == 8, .checked = 1,
        .crc = (uint32_t)whole(entry + 16, 4) };
    int64_t *const value[3] = { &section->plain, &section->packed, &offset };
    take_extra64(entry + ENTRY + whole(entry + 28, 2), (int64_t)whole(entry + 30, 2), value);
    if ((whole(entry + 8, 2) & 1) != 0 || (method != 0 && method != 8))
        return fail(z, "a member is encrypted or packed in a way that is not read here; save it "
                       "with numpy.savez or numpy.savez_compressed");
    if (!read_at(z, offset, local, LOCAL) || whole(local, 4) != 0x04034b50)
        return damaged(z);
    section->offset = offset + LOCAL + (int64_t)whole(local + 26, 2) +
                      (int64_t)whole(local + 28, 2);
    if (section->plain < 0 || section->packed < 0 || section->packed > z->bytes ||
        section->offset > z->bytes - section->packed ||
        (method == 0 && section->plain != section->packed))
        return damaged(z);
    return 1;
}

/* An array's name in new memory: its member's without ".npy". */
static char *array_name(const unsigned char *member, int64_t bytes)
{
    if (bytes > 4 && memcmp(member + bytes - 4, ".npy", 4) == 0)
        bytes -= 4;
    return inv_text("%.*s", (int)bytes, (const char *)member);
}

/* Walks the directory; the entry of that name goes to *found. */
static int walk(struct zip *z, const char *wanted, const unsigned char **found)
{
    int64_t at = 0;
    z->name = inv_allocate((size_t)(z->count + 1) * sizeof *z->name);
    for (int64_t i = 0; i < z->count; i++) {
        const unsigned char *entry = z->directory + at;
        if (at + ENTRY > z->directory_bytes || whole(entry, 4) != 0x02014b50)
            return damaged(z);
        int64_t name = (int64_t)whole(entry + 28, 2);
        at += ENTRY + name + (int64_t)whole(entry + 30, 2) + (int64_t)whole(entry + 32, 2);
        if (at > z->directory_bytes)
            return damaged(z);
        z->name[i] = array_name(entry + ENTRY, name);
        if (strcmp(z->name[i], wanted) != 0)
            continue;
        if (*found)
            return fail(z, "two of its members have the name asked for; write the file anew");
        *found = entry;
    }
    return 1;
}

static int find(struct zip *z, const char *member, const unsigned char **found)
{
    char *wanted = array_name((const unsigned char *)member, (int64_t)strlen(member));
    int ok = walk(z, wanted, found);
    if (ok && !*found)
        inv_suggest_array(z->stream->errors, z->stream->path, wanted, z->name, (int)z->count);
    free(wanted);
    return ok && *found;
}

int inv_zip_find(struct inv_stream *stream, const char *member, struct inv_section *section)
{
    struct stat about;
    struct zip z = { .stream = stream };
    const unsigned char *found = NULL;
    z.bytes = fstat(stream->file, &about) == 0 ? (int64_t)about.st_size : 0;
    int ok = read_directory(&z) && find(&z, member, &found) && locate(&z, found, section);
    for (int64_t i = 0; z.name && i < z.count; i++)
        free((char *)z.name[i]);
    free(z.name);
    free(z.directory);
    return ok;
}
