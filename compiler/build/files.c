#include "build/files.h"
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/text.h"
#include "build/process.h"
#include "host/output.h"

static bool fail(const char *what, const char *path)
{
    const char *cure = errno == ENOSPC   ? "; free some space"
                       : errno == EACCES ? "; choose a place that you may write to"
                                         : "";
    fprintf(stderr, "invar: error: cannot %s %s: %s%s\n", what, path, strerror(errno), cure);
    return false;
}

static bool make_folder(const char *path, mode_t mode)
{
    char *part = strdup(path);
    bool good = part != NULL;
    for (char *c = part; good && *c; c++) {
        if (c == part || *c != '/')
            continue;
        *c = '\0';
        good = mkdir(part, mode) == 0 || errno == EEXIST;
        *c = '/';
    }
    good = good && (mkdir(path, mode) == 0 || errno == EEXIST);
    free(part);
    struct stat status;
    if (good && stat(path, &status) == 0 && !S_ISDIR(status.st_mode)) {
        errno = ENOTDIR;
        good = false;
    }
    return good;
}

bool files_make_parent(const struct place *place, const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *path = arena_printf(place->arena, "%s/%.*s", place->folder,
                                    slash ? (int)(slash - name) : 1, slash ? name : ".");
    return make_folder(path, 0777) || fail("make the folder", place->folder);
}

bool files_make_private(const char *path)
{
    return make_folder(path, 0700);
}

static bool write_temporary(const char *path, const char *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    bool good = file && fwrite(data, 1, size, file) == size;
    good = (!file || fclose(file) == 0) && good;
    return good || fail("write", path);
}

bool files_write(struct place *place, const char *name, const char *data, size_t size)
{
    if (place->below)
        name = arena_printf(place->arena, "%s/%s", place->below, name);
    const char *path = arena_printf(place->arena, "%s/%s", place->folder, name);
    if (!place->claims)
        return files_make_parent(place, name) && write_temporary(path, data, size);
    ARENA_PUSH(place->arena, place->file, place->file_count, place->file_room) =
        (struct emitted){name, data, size};
    return inv_claims_output(place->claims, "-o", path);
}

bool files_install(const char *from, const char *to, struct inv_errors *errors)
{
    struct inv_output out;
    FILE *file = fopen(from, "rb");
    if (!file)
        return fail("read", from);
    if (!inv_output_open_as(&out, to, INV_PROGRAM, errors)) {
        fclose(file);
        return false;
    }
    char part[65536];
    for (size_t n; (n = fread(part, 1, sizeof part, file)) > 0;)
        inv_output_write(&out, part, n);
    bool good = !ferror(file) || fail("read", from);
    fclose(file);
    if (good)
        return inv_output_close(&out, NULL);
    inv_output_abandon(&out);
    return false;
}

const char *files_temporary(struct arena *arena)
{
    const char *base = getenv("TMPDIR");
    char *path = arena_printf(arena, "%s/invar-XXXXXX", base && *base ? base : "/tmp");
    commands_hold();
    if (mkdtemp(path))
        return path;
    fail("make a temporary folder", path);
    commands_release();
    return NULL;
}

static void remove_all(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder) {
        unlink(path);
        return;
    }
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        size_t room = strlen(path) + strlen(entry->d_name) + 2;
        char *inner = malloc(room);
        if (!inner)
            break;
        snprintf(inner, room, "%s/%s", path, entry->d_name);
        struct stat status;
        if (lstat(inner, &status) == 0 && S_ISDIR(status.st_mode))
            remove_all(inner);
        else
            unlink(inner);
        free(inner);
    }
    closedir(folder);
    rmdir(path);
}

void files_remove_temporary(const char *folder)
{
    remove_all(folder);
    commands_release();
}

bool files_exist(const char *path)
{
    return access(path, F_OK) == 0;
}

const char *files_stamp(struct arena *arena, const char *path)
{
    struct stat status;
    if (!path || stat(path, &status) != 0)
        return arena_printf(arena, "%s absent\n", path ? path : "");
    return arena_printf(arena, "%s %" PRId64 " %" PRId64 ".%09ld\n", path, (int64_t)status.st_size,
                        (int64_t)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

const char *files_executable(struct arena *arena)
{
    char path[4096];
    ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);
    return size > 0 ? arena_strndup(arena, path, (size_t)size) : NULL;
}

const char *files_find_command(struct arena *arena, const char *command)
{
    if (strchr(command, '/'))
        return access(command, X_OK) == 0 ? command : NULL;
    const char *path = getenv("PATH");
    path = path ? path : "/usr/bin:/bin";
    for (;;) {
        size_t size = strcspn(path, ":");
        const char *found = arena_printf(arena, "%.*s/%s", size > 0 ? (int)size : 1,
                                         size > 0 ? path : ".", command);
        if (access(found, X_OK) == 0)
            return found;
        if (path[size] == '\0')
            return NULL;
        path += size + 1;
    }
}

/* ---- from one folder to another ---- */

/* The folder of a file, without links, in new memory; NULL where there is none. */
static char *real_folder(struct arena *arena, const char *file)
{
    const char *slash = strrchr(file, '/');
    return realpath(slash == file ? "/"
                    : slash       ? arena_strndup(arena, file, (size_t)(slash - file))
                                  : ".", NULL);
}

/* "../../b/c" from the folder /a/x/y to /a/b/c, "." from one to itself. */
static const char *between(struct arena *arena, const char *from, const char *to)
{
    size_t same = 0;
    for (size_t i = 0; from[i] == to[i] || !from[i] || !to[i]; i++) {
        if ((!from[i] || from[i] == '/') && (!to[i] || to[i] == '/'))
            same = i;
        if (!from[i] || !to[i])
            break;
    }
    struct text text;
    text_init(&text, arena);
    for (const char *c = from + same; *c; c++)
        if (*c == '/' && c[1])
            text_puts(&text, "../");
    for (to += same; *to == '/';)
        to++;
    text_puts(&text, *to || text.size ? to : ".");
    return text.data;
}

const char *files_between(struct arena *arena, const char *from, const char *to)
{
    char *a = real_folder(arena, from), *b = real_folder(arena, to);
    const char *path = a && b ? between(arena, a, b) : NULL;
    free(a);
    free(b);
    return path;
}
