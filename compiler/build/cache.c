/* What was built before: files NAME-KEY-HASH, where KEY is of all that they are made from and HASH
 * of what they hold.  An entry that a power cut left short, or that another user planted, is
 * therefore not used; two runs that build the same at once each add an entry that is good. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "build/cache.h"
#include "build/files.h"
#include "core/sha256.h"
#include "host/errors.h"

enum { CACHED = 64, DIGITS = 64, KEY = 32, NAME = 100 };

/* ---- the folder ---- */

/* Why a folder or file is no good, or NULL. */
static const char *fault_of(const struct stat *status)
{
    if (status->st_uid != geteuid())
        return "it belongs to another user; let XDG_CACHE_HOME name a folder of your own";
    return status->st_mode & 022 ? "other users may write to it; take that away with chmod go-w"
                                 : NULL;
}

static const char *choose_folder(struct arena *arena)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache && *cache)
        return arena_printf(arena, "%s/invar", cache);
    return home && *home ? arena_printf(arena, "%s/.cache/invar", home) : NULL;
}

struct cache cache_open(struct arena *arena)
{
    struct cache cache = {.arena = arena, .handle = -1};
    const char *path = choose_folder(arena);
    struct stat status;
    if (!path || !files_make_private(path) || access(path, W_OK | X_OK) != 0)
        return cache;
    cache.handle = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (cache.handle < 0 || fstat(cache.handle, &status) != 0)
        return cache;
    const char *fault = fault_of(&status);
    if (!fault)
        cache.folder = path;
    else
        fprintf(stderr, "invar: the cache %s is not used: %s\n", path, fault);
    return cache;
}

/* ---- entries ---- */

static const char *entry_stem(const struct cache *cache, const char *name, const char *key)
{
    return arena_printf(cache->arena, "%.*s-%.*s-", NAME, name, KEY, key);
}

static bool hash_file(int file, char text[DIGITS + 1])
{
    static unsigned char part[1 << 16];
    struct inv_sha256 sha;
    uint8_t digest[32];
    ssize_t count;
    inv_sha256_init(&sha);
    while ((count = read(file, part, sizeof part)) > 0)
        inv_sha256_update(&sha, part, (size_t)count);
    inv_sha256_final(&sha, digest);
    inv_sha256_hex(digest, text);
    return count == 0;
}

/* Opens an entry that is this user's and holds what its name says; -1 where it is not. */
static int open_entry(const struct cache *cache, const char *entry, const char *hash)
{
    struct stat status;
    char found[DIGITS + 1];
    int file = openat(cache->handle, entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return -1;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && !fault_of(&status) &&
        hash_file(file, found) && strcmp(found, hash) == 0)
        return file;
    close(file);
    return -1;
}

int cache_find(const struct cache *cache, const char *name, const char *key, const char **path)
{
    if (!cache->folder)
        return -1;
    const char *stem = entry_stem(cache, name, key);
    size_t length = strlen(stem);
    DIR *entries = opendir(cache->folder);
    int file = -1;
    for (struct dirent *entry; file < 0 && entries && (entry = readdir(entries));) {
        if (strncmp(entry->d_name, stem, length) != 0 || strlen(entry->d_name) != length + DIGITS)
            continue;
        file = open_entry(cache, entry->d_name, entry->d_name + length);
        if (file < 0)
            unlinkat(cache->handle, entry->d_name, 0);
        else
            *path = arena_printf(cache->arena, "%s/%s", cache->folder, entry->d_name);
    }
    if (entries)
        closedir(entries);
    if (file >= 0)
        futimens(file, NULL);           /* the newest: it is used */
    return file;
}

/* The oldest entry of the folder; *count is their number. */
static const char *oldest_entry(const struct cache *cache, int *count)
{
    const char *oldest = NULL;
    struct timespec time = {0};
    DIR *entries = opendir(cache->folder);
    *count = 0;
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        struct stat status;
        if (fstatat(cache->handle, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            S_ISDIR(status.st_mode))
            continue;
        ++*count;
        if (!oldest || status.st_mtim.tv_sec < time.tv_sec ||
            (status.st_mtim.tv_sec == time.tv_sec && status.st_mtim.tv_nsec < time.tv_nsec)) {
            oldest = arena_printf(cache->arena, "%s", entry->d_name);
            time = status.st_mtim;
        }
    }
    if (entries)
        closedir(entries);
    return oldest;
}

static void keep_newest(const struct cache *cache)
{
    int count;
    for (const char *oldest; (oldest = oldest_entry(cache, &count)) && count > CACHED;)
        if (unlinkat(cache->handle, oldest, 0) != 0)
            return;
}

bool cache_add(const struct cache *cache, const char *name, const char *key, const char *file)
{
    struct inv_errors errors = {.to = stderr, .program = "invar: not kept in the cache: "};
    char hash[DIGITS + 1];
    int made = cache->folder ? open(file, O_RDONLY | O_CLOEXEC) : -1;
    if (made < 0)
        return false;
    bool good = hash_file(made, hash);
    close(made);
    const char *entry = arena_printf(cache->arena, "%s/%s%s", cache->folder,
                                     entry_stem(cache, name, key), hash);
    mode_t mask = umask(077);
    good = good && files_install(file, entry, &errors);
    umask(mask);
    keep_newest(cache);
    return good;
}
