#include "build_private.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static bool fail(const char *what, const char *path)
{
    const char *cure = errno == ENOSPC   ? "; free some space"
                       : errno == EACCES ? "; choose a place that you may write to"
                       : errno == ENOENT ? "; make its folder first"
                       : errno == EISDIR ? "; choose another name"
                                         : "";
    fprintf(stderr, "invar: error: cannot %s %s: %s%s\n", what, path, strerror(errno), cure);
    return false;
}

static bool make_folder(const char *path)
{
    char *part = strdup(path);
    bool good = part != NULL;
    for (char *c = part; good && *c; c++) {
        if (c == part || *c != '/')
            continue;
        *c = '\0';
        good = mkdir(part, 0777) == 0 || errno == EEXIST;
        *c = '/';
    }
    good = good && (mkdir(path, 0777) == 0 || errno == EEXIST);
    free(part);
    struct stat status;
    if (good && stat(path, &status) == 0 && !S_ISDIR(status.st_mode)) {
        errno = ENOTDIR;
        good = false;
    }
    return good;
}

bool files_make_folder(const char *path)
{
    return make_folder(path) || fail("make the folder", path);
}

bool files_can_use(const char *folder)
{
    return make_folder(folder) && access(folder, W_OK | X_OK) == 0;
}

static bool write_all(int file, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, data, size);
        if (written < 0 && errno != EINTR)
            return false;
        data += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

static bool write_mode(const char *path, const char *data, size_t size, mode_t mode)
{
    size_t room = strlen(path) + 32;
    char *temporary = malloc(room);
    if (!temporary)
        return fail("write", path);
    snprintf(temporary, room, "%s.%ld.tmp", path, (long)getpid());
    int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, mode);
    bool good = file >= 0 && write_all(file, data, size);
    good = (file < 0 || close(file) == 0) && good && rename(temporary, path) == 0;
    if (!good) {
        fail("write", path);
        unlink(temporary);
    }
    free(temporary);
    return good;
}

bool files_write(const char *path, const char *data, size_t size)
{
    return write_mode(path, data, size, 0666);
}

bool files_can_write(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *folder = !slash         ? "."
                         : slash == path ? "/"
                                         : arena_strndup(arena, path, (size_t)(slash - path));
    struct stat status;
    if (access(folder, W_OK | X_OK) != 0)
        return fail("write", path);
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode))
        return true;
    errno = EISDIR;
    return fail("write", path);
}

bool files_install(struct arena *arena, const char *from, const char *to)
{
    FILE *file = fopen(from, "rb");
    if (!file)
        return fail("read", from);
    struct text text;
    text_init(&text, arena);
    char part[65536];
    for (size_t n; (n = fread(part, 1, sizeof part, file)) > 0;)
        text_add(&text, part, n);
    bool good = !ferror(file);
    fclose(file);
    return good ? write_mode(to, text.data, text.size, 0777) : fail("read", from);
}

const char *files_temporary(struct arena *arena)
{
    const char *base = getenv("TMPDIR");
    char *path = arena_printf(arena, "%s/invar-XXXXXX", base && *base ? base : "/tmp");
    if (mkdtemp(path))
        return path;
    fail("make a temporary folder", path);
    return NULL;
}

void files_remove(const char *path)
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
            files_remove(inner);
        else
            unlink(inner);
        free(inner);
    }
    closedir(folder);
    rmdir(path);
}

/* The oldest entry of the folder; *count is their number. */
static const char *oldest_entry(struct arena *arena, const char *folder, int *count)
{
    const char *oldest = NULL;
    time_t time = 0;
    DIR *entries = opendir(folder);
    *count = 0;
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        const char *path = arena_printf(arena, "%s/%s", folder, entry->d_name);
        struct stat status;
        if (entry->d_name[0] == '.' || stat(path, &status) != 0)
            continue;
        ++*count;
        if (!oldest || status.st_mtime < time) {
            oldest = path;
            time = status.st_mtime;
        }
    }
    if (entries)
        closedir(entries);
    return oldest;
}

void files_keep_newest(struct arena *arena, const char *folder, int keep)
{
    int count;
    for (const char *oldest; (oldest = oldest_entry(arena, folder, &count)) && count > keep;)
        if (unlink(oldest) != 0)
            return;
}

bool files_exist(const char *path)
{
    return access(path, F_OK) == 0;
}

bool files_touch(const char *path)
{
    return utimensat(AT_FDCWD, path, NULL, 0) == 0;
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
