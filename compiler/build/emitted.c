/* Sources into a folder of the user's: what invar did not write there is not overwritten.  A list
 * beside them, in the format of sha256sum, says what it wrote. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "build/files.h"
#include "core/sha256.h"
#include "host/output.h"

static const char list_name[] = "invar.sha256";

struct hex { char digit[65]; };
struct listed { const char *hash, *name; };
struct list { struct listed *item; int count, room; };

static struct hex hash_of(const char *data, size_t size)
{
    struct inv_sha256 sha;
    uint8_t digest[32];
    struct hex hex;
    inv_sha256_init(&sha);
    inv_sha256_update(&sha, data, size);
    inv_sha256_final(&sha, digest);
    inv_sha256_hex(digest, hex.digit);
    return hex;
}

static const char *path_of(const struct place *place, const char *name)
{
    return arena_printf(place->arena, "%s/%s", place->folder, name);
}

/* The text of a file that can be read, else NULL. */
static char *read_file(const struct place *place, const char *name, size_t *size)
{
    FILE *file = fopen(path_of(place, name), "rb");
    struct text text;
    text_init(&text, place->arena);
    *size = 0;
    if (!file)
        return NULL;
    char part[65536];
    for (size_t n; (n = fread(part, 1, sizeof part, file)) > 0;)
        text_add(&text, part, n);
    fclose(file);
    *size = text.size;
    return text.size ? text.data : arena_strndup(place->arena, "", 0);
}

/* "HASH  NAME" in each line; false where there is another file of the list's name. */
static bool read_list(const struct place *place, struct list *list)
{
    size_t size;
    char *line = read_file(place, list_name, &size), *end;
    for (; line && *line; line = end + 1) {
        end = strchr(line, '\n');
        if (!end || end - line < 67 || strspn(line, "0123456789abcdef") != 64
            || strncmp(line + 64, "  ", 2)) {
            inv_error(place->claims->errors, "%s is no list of emitted files; name another folder, "
                      "or move the file away", path_of(place, list_name));
            return false;
        }
        ARENA_PUSH(place->arena, list->item, list->count, list->room) = (struct listed){
            arena_strndup(place->arena, line, 64),
            arena_strndup(place->arena, line + 66, (size_t)(end - line - 66))};
    }
    return true;
}

static struct listed *find(const struct list *list, const char *name)
{
    for (int i = 0; i < list->count; i++)
        if (!strcmp(list->item[i].name, name))
            return &list->item[i];
    return NULL;
}

/* Is the file away, empty (as after a power cut, since sources are not synced), as it was listed,
 * or as it will be?  What is not read is not there for this: opening it for writing says what is
 * wrong. */
static bool may_write(const struct place *place, const struct emitted *file,
                      const struct list *list)
{
    size_t size;
    const char *there = read_file(place, file->name, &size);
    const struct listed *old = find(list, file->name);
    if (!there || size == 0 || (size == file->size && !memcmp(there, file->data, size)))
        return true;
    struct hex hash = hash_of(there, size);
    if (old && !strcmp(old->hash, hash.digit))
        return true;
    inv_error(place->claims->errors, "%s would be overwritten, and is not as invar wrote it; name "
              "another folder, or move the file away", path_of(place, file->name));
    return false;
}

/* digest: of what was written, or NULL. */
static bool write_one(const struct place *place, const struct emitted *file,
                      enum inv_output_kind kind, char digest[65])
{
    struct inv_output out;
    if (!files_make_parent(place, file->name) ||
        !inv_output_open_as(&out, path_of(place, file->name), kind, place->claims->errors))
        return false;
    inv_output_write(&out, file->data, file->size);
    return inv_output_close(&out, digest);
}

/* Writes the file, and lists it. */
static bool write_listed(const struct place *place, const struct emitted *file, struct list *list)
{
    char digest[65];
    bool good = write_one(place, file, INV_DERIVED, digest);
    struct listed *item = find(list, file->name);
    if (!item)
        item = &ARENA_PUSH(place->arena, list->item, list->count, list->room);
    *item = (struct listed){arena_strndup(place->arena, digest, good ? 64 : 0), file->name};
    return good;
}

/* With what earlier emissions left beside. */
static bool write_list(const struct place *place, const struct list *list)
{
    struct text text;
    text_init(&text, place->arena);
    for (int i = 0; i < list->count; i++)
        text_printf(&text, "%s  %s\n", list->item[i].hash, list->item[i].name);
    return write_one(place, &(struct emitted){list_name, text.data, text.size}, INV_WHOLE, NULL);
}

bool files_finish(struct place *place)
{
    struct list list = {0};
    bool good = inv_claims_output(place->claims, "-o", path_of(place, list_name)) &&
                read_list(place, &list);
    for (int i = 0; i < place->file_count; i++)
        good &= may_write(place, &place->file[i], &list);
    for (int i = 0; i < place->file_count && good; i++)
        good = write_listed(place, &place->file[i], &list);
    return good && write_list(place, &list);
}
