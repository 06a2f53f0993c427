#include "paths.h"
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/sha256.h"
#include "place.h"

static void add(struct inv_paths *p, const char *path, int file)
{
    if (p->count == p->room) {
        p->room = p->room * 2 + 4;
        p->path = inv_resize(p->path, (size_t)p->room * sizeof *p->path);
        p->file = inv_resize(p->file, (size_t)p->room * sizeof *p->file);
        p->hash = inv_resize(p->hash, (size_t)p->room * sizeof *p->hash);
    }
    p->path[p->count] = inv_copy_text(path);
    p->hash[p->count][0] = 0;
    p->file[p->count++] = file;
}

void inv_paths_append(struct inv_paths *to, const struct inv_paths *from)
{
    for (int i = 0; i < from->count; i++) {
        int there = 0;
        for (int k = 0; k < to->count; k++)
            there |= strcmp(to->path[k], from->path[i]) == 0;
        if (there)
            continue;
        add(to, from->path[i], from->file[i]);
        memcpy(to->hash[to->count - 1], from->hash[i], sizeof *from->hash);
    }
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A file whose own name has a star in it is that file. */
static int is_pattern(const char *path)
{
    return strpbrk(path, "*?[") && access(path, F_OK) != 0;
}

static void add_found(struct inv_paths *p, const char *pattern, int file,
                      struct inv_errors *errors)
{
    glob_t found;
    int first = p->count, status = glob(pattern, GLOB_NOSORT, NULL, &found);
    for (size_t i = 0; status == 0 && i < found.gl_pathc; i++)
        add(p, found.gl_pathv[i], file);
    if (status == 0)
        globfree(&found);
    if (p->count > first)
        qsort(p->path + first, (size_t)(p->count - first), sizeof *p->path, by_bytes);
    else
        inv_error(errors, "%s: no file has such a name; correct the pattern, or give its folder "
                  "with --data DIR", pattern);
}

void inv_paths_add(struct inv_paths *p, const char *path, int file, struct inv_errors *errors)
{
    if (is_pattern(path))
        add_found(p, path, file, errors);
    else
        add(p, path, file);
}

int inv_paths_find(struct inv_paths *p, const struct inv_model *model, const char *given,
                   enum inv_source_of source, struct inv_errors *errors)
{
    const struct inv_source *s = &model->data.source[source];
    int before = errors->count;
    for (int i = s->first_file; i < s->first_file + s->file_count; i++) {
        char *path = inv_place_file(model, given, source, i, NULL, errors);
        int again = path && p->count > 0 && given && strcmp(path, p->path[0]) == 0;
        if (path && !again)             /* one file may stand for all of the source */
            inv_paths_add(p, path, i, errors);
        free(path);
    }
    return errors->count == before;
}

static void hash_found(const struct inv_paths *p, int first, int count, char hash[65])
{
    struct inv_sha256 sha;
    uint8_t digest[32];
    if (count == 1) {
        memcpy(hash, p->hash[first], 65);
        return;
    }
    inv_sha256_init(&sha);
    for (int i = first; i < first + count; i++)
        inv_sha256_update(&sha, p->hash[i], strlen(p->hash[i]));
    inv_sha256_final(&sha, digest);
    inv_sha256_hex(digest, hash);
}

void inv_paths_hash(const struct inv_paths *p, char (*hash)[65])
{
    for (int i = 0, next; i < p->count; i = next) {
        for (next = i + 1; next < p->count && p->file[next] == p->file[i];)
            next++;
        hash_found(p, i, next - i, hash[p->file[i]]);
    }
}

void inv_paths_free(struct inv_paths *p)
{
    for (int i = 0; i < p->count; i++)
        free(p->path[i]);
    free(p->path);
    free(p->file);
    free(p->hash);
    *p = (struct inv_paths){ .count = 0 };
}
